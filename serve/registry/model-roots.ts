import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { ServeError } from '../errors.js'
import { refuse, shown } from '../refusals.js'

/** Of models that are one file, and run no code. */
const SUFFIXES = ['.safetensors', '.onnx'] as const
const WHOLE_NUMBER = /^\d{1,15}$/
const LARGEST_FILE_BYTES = 1024 ** 3

function withoutSuffix(file: string): string {
  const suffix = SUFFIXES.find((suffix) => file.endsWith(suffix))
  return suffix === undefined ? file : file.slice(0, -suffix.length)
}

/** A model's file in a root. */
export interface FoundModel {
  readonly path: string
  /** The folder it lies in says which; undefined for a file beside the others. */
  readonly version: string | undefined
}

/**
 * The folders that model files may be read from when a caller over HTTP names one. A model lies there as `NAME.safetensors` (or `.onnx`),
 * or a version a folder as `NAME/3/model.safetensors`. Links are followed first, and what they lead to must lie inside too.
 */
export class ModelRoots {
  private constructor(private readonly roots: readonly string[]) {}

  /** @throws ServeError `SERVE_OPTION` for a root that is no folder */
  static async open(folders: unknown): Promise<ModelRoots> {
    if (!Array.isArray(folders) || !folders.every((folder) => typeof folder === 'string'))
      return refuse('modelRoots', folders, 'an array of folders')
    const roots = await Promise.all(
      folders.map(async (folder) => {
        const path = await realpath(folder).catch(() => undefined)
        const isFolder = path !== undefined && (await stat(path)).isDirectory()
        return isFolder ? path : refuse('a folder of modelRoots', folder, 'a folder that is there')
      }),
    )
    return new ModelRoots(roots)
  }

  /**
   * The bytes of a file that lies inside a root, named from a root on or in full.
   * @throws ServeError `MODEL_FILE` for any other: one outside is not told from one that is not there
   */
  async read(path: string): Promise<Uint8Array> {
    const real = await this.#resolve(path)
    if (real === undefined) {
      const where = this.roots.length > 0 ? 'in the modelRoots that this server was started with' : 'served: this server has no modelRoots'
      throw new ServeError('MODEL_FILE', `${shown(path)} is not a model file ${where}`)
    }
    return readFile(real)
  }

  /** Where the file really is, if that is inside a root and a file. */
  async #resolve(path: string): Promise<string | undefined> {
    if (path.includes('\0')) return undefined
    for (const root of this.roots) {
      const real = await realpath(isAbsolute(path) ? path : resolve(root, path)).catch(() => undefined)
      if (real === undefined || !real.startsWith(root.endsWith(sep) ? root : root + sep)) continue
      const found = await stat(real).catch(() => undefined)
      if (found?.isFile() && found.size <= LARGEST_FILE_BYTES) return real
    }
    return undefined
  }

  /** A model by name, its newest version where there are several. @param name checked: no separators, not `.` or `..` */
  async find(name: string): Promise<FoundModel | undefined> {
    const newest = await this.#newestVersion(name)
    if (newest !== undefined) return newest
    const path = await this.#firstOf(name)
    return path === undefined ? undefined : { path, version: undefined }
  }

  async #firstOf(base: string): Promise<string | undefined> {
    for (const suffix of SUFFIXES) {
      const path = await this.#resolve(base + suffix)
      if (path !== undefined) return path
    }
    return undefined
  }

  async #newestVersion(name: string): Promise<FoundModel | undefined> {
    for (const root of this.roots) {
      const versions = await readdir(join(root, name)).catch(() => [])
      const numbers = versions.filter((version) => WHOLE_NUMBER.test(version)).sort((a, b) => Number(b) - Number(a))
      for (const version of numbers) {
        const path = await this.#firstOf(join(root, name, version, 'model'))
        if (path !== undefined) return { path, version }
      }
    }
    return undefined
  }

  /** The names of all models in the roots. */
  async names(): Promise<string[]> {
    const entries = (await Promise.all(this.roots.map((root) => readdir(root).catch(() => [])))).flat()
    const names = [...new Set(entries.map(withoutSuffix))]
    const found = await Promise.all(names.map((name) => this.find(name)))
    return names.filter((_, i) => found[i] !== undefined).sort()
  }
}
