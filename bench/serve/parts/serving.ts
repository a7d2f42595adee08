/** A server in a process of its own, for the length of a measurement: the load generator must not share its thread. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ApplicationOptions, PublishOptions } from 'gymnura/serve'
import type { BenchModel } from './models.js'

const MAIN = fileURLToPath(new URL('./serving-main.js', import.meta.url))

/** What is served: paths, addresses or functions' sources as they are published, and the application over all of them. */
export interface Served {
  readonly models: readonly { readonly name: string; readonly source: string | Uint8Array; readonly options: PublishOptions }[]
  readonly application: Omit<ApplicationOptions, 'name'>
}

export interface ServingReport {
  /** The batch limit that was found, and the mean size of batches, of the first model. */
  readonly maxBatch: number
  readonly meanBatch: number
}

/** A model as it can be sent to the server's process: a function by its source. */
export async function published(
  name: string,
  { source, options }: BenchModel,
  more: PublishOptions = {},
): Promise<Served['models'][number]> {
  const all = { ...options, ...more }
  if (typeof source === 'string') return { name, source, options: all }
  if (typeof source === 'function') return { name, source: Buffer.from(source.toString()), options: { kind: 'function', ...all } }
  return { name, source: await (source as { toBytes(): Uint8Array }).toBytes(), options: all }
}

/** `use` gets the port; applications are called `app`. Resolves with what `use` gave, and the batches. */
export async function withServing<T>(served: Served | 'echo', use: (port: number) => Promise<T>): Promise<[T, ServingReport]> {
  const child = fork(MAIN, { serialization: 'advanced' })
  const heard = () =>
    new Promise<unknown>((resolve, reject) => child.once('message', resolve).once('exit', () => reject(new Error('the server ended'))))
  child.send(served)
  try {
    const port = (await heard()) as number
    const result = await use(port)
    const report = heard()
    child.send('report')
    return [result, (await report) as ServingReport]
  } finally {
    child.disconnect()
  }
}
