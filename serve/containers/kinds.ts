import { extname } from 'node:path'
import type { OutputDescription } from './container.js'
import type { InputType } from './element-types.js'

/** What a model can be. */
export const KINDS = ['policy', 'function', 'python', 'onnx', 'tfjs', 'remote', 'image', 'external'] as const
export type Kind = (typeof KINDS)[number]

/** Extensions that say what a file is. */
const EXTENSIONS: Readonly<Record<string, Kind>> = {
  '.onnx': 'onnx',
  '.json': 'tfjs',
  '.py': 'python',
  '.js': 'function',
  '.mjs': 'function',
  '.ts': 'function',
}

/** What a model is, by its file's name or its address. */
export function kindOfName(name: string): Kind {
  return /^https?:\/\//.test(name) ? 'remote' : (EXTENSIONS[extname(name.split(/[?#]/)[0]!)] ?? 'policy')
}

/** Kinds that run code which came with the model: `serve` has to be told to allow them. */
export const CODE_KINDS = ['function', 'python', 'image'] as const
export type CodeKind = (typeof CODE_KINDS)[number]
export const runsCode = (kind: Kind): kind is CodeKind => (CODE_KINDS as readonly string[]).includes(kind)

/** In a process of its own, in a thread of its own, or in the thread that serves. */
export const ISOLATIONS = ['process', 'thread', 'inline'] as const
export type Isolation = (typeof ISOLATIONS)[number]

/** What a container may use. */
export interface Limits {
  /**
   * Resident memory of a process, MiB: above it the process is killed and started again (looked at once a second, on Linux; on other
   * systems, and for threads, it bounds the heap of JavaScript only).
   */
  memoryMB?: number
  /** Added to the priority of a process, -20 to 19; 10 lets everything else go first. Negative ones need privileges. */
  niceness?: number
  /** Environment variables, beside those of the server, whose own secrets (GYMNURA_…_TOKEN, …_PASSPHRASE) it does not get. */
  env?: Readonly<Record<string, string>>
  /** A batch that takes longer than this hangs: the container is killed and started again, milliseconds; default 10,000. */
  batchMs?: number
  /** How long it may take to become warm, milliseconds; default 30,000. */
  startMs?: number
}

/** What the program that loads a model is told about it, beside the model itself; kept with the model. */
export interface LoadSettings {
  readonly kind: Kind
  /** What queries carry, where the model does not say so itself. */
  readonly inputType?: InputType
  /** Elements of one input, where the model does not say so itself. */
  readonly inputSize?: number
  /** Where the model does not say so itself. */
  readonly outputs?: readonly OutputDescription[]
  /** Of a function or Python file that lies on this machine: the URL of the module, the path of the file. */
  readonly path?: string
  /** Batches it takes before it has answered the first. */
  readonly maxInFlight?: number
}

/** All that is needed to start a model's containers again. */
export interface ContainerSettings extends LoadSettings {
  readonly limits: Limits
  /** Of 'python': the interpreter. */
  readonly python?: string
  /** Of 'image': the engine's command. */
  readonly engine?: string
  /** Of 'external': the digest of what the container shows. */
  readonly tokenDigest?: string
}
