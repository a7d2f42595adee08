import { readFile } from 'node:fs/promises'
import nodeModule from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Policy } from '../../rl/policy/index.js'
import { type Kind, kindOfName } from '../containers/kinds.js'
import { packTfjs } from '../containers/tfjs-files.js'
import { ServeError } from '../errors.js'
import { refuse } from '../refusals.js'

/** A model as a function of a batch's inputs, which gives an output for each; see `serve/containers/function.ts`. */
// biome-ignore lint/suspicious/noExplicitAny: whoever writes it knows what its application's inputs are.
export type ModelFunction = (inputs: any[]) => readonly unknown[] | Promise<readonly unknown[]>

/** A policy's file, its bytes, or the policy itself; of other kinds a file, its bytes, a function, an address or an image's name. */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Pick<Policy, 'toBytes'> | ModelFunction

/** What a model is, if nobody says so. */
export function impliedKind(source: ModelSource): Kind {
  if (typeof source === 'function') return 'function'
  if (typeof source !== 'string' && !(source instanceof URL)) return 'policy'
  return kindOfName(String(source))
}

const pathOf = (source: string | URL) => (source instanceof URL || source.startsWith('file:') ? fileURLToPath(source) : resolve(source))

/** Of a function or a Python model that is a file: where it lies, so that it finds what lies beside it. */
export function localPath(source: ModelSource, kind: Kind): string | undefined {
  if (typeof source !== 'string' && !(source instanceof URL)) return undefined
  if (kind === 'function') return pathToFileURL(pathOf(source)).href
  return kind === 'python' ? pathOf(source) : undefined
}

/**
 * A model that lies here, as `client.publish` sends it to a server: `client.publish(name, model, { kind })`.
 * @param source a file, or the address of a remote model or an image
 * @throws ServeError `SERVE_OPTION`, `MODEL_FILE`
 */
export async function readModel(source: string, kind: Kind = impliedKind(source)): Promise<{ model: Uint8Array | string; kind: Kind }> {
  if (kind === 'remote' || kind === 'image') return { model: source, kind }
  const bytes = await artifactOf(source, kind)
  return { model: kind === 'function' && source.endsWith('.ts') ? withoutTypes(source, bytes) : bytes, kind }
}

/** What Node imports from a `.ts` file it does not import from text. */
function withoutTypes(source: string, bytes: Uint8Array): Uint8Array {
  const { stripTypeScriptTypes: strip } = nodeModule as { stripTypeScriptTypes?: (code: string) => string }
  if (strip === undefined) refuse('model', source, 'JavaScript: this Node does not take types away (22.13 does); compile it first')
  return Buffer.from(strip(Buffer.from(bytes).toString()))
}

/** The bytes that a container is sent. @throws ServeError `SERVE_OPTION`, `MODEL_FILE` */
export async function artifactOf(source: ModelSource, kind: Kind): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  if (typeof source === 'function') {
    if (kind !== 'function') refuse('model', source, `what a model of kind "${kind}" is made of`)
    return Buffer.from(source.toString())
  }
  const isFile = typeof source === 'string' || source instanceof URL
  if (!isFile) {
    if (typeof source?.toBytes === 'function') return source.toBytes()
    refuse('policy', source, "a policy, its file, or the file's bytes")
  }
  if (kind === 'remote' || kind === 'image') return Buffer.from(String(source))
  try {
    return kind === 'tfjs' ? await packTfjs(pathOf(source)) : await readFile(source)
  } catch (cause) {
    throw new ServeError('MODEL_FILE', `cannot read the ${kind === 'policy' ? 'policy' : 'model'} ${source}: ${(cause as Error).message}`, {
      cause,
    })
  }
}
