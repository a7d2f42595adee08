import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Client,
  connect,
  type ModelRecord,
  type ModelSource,
  type PublishOptions,
  type ServeOptions,
  type Server,
  serve,
} from 'gymnura/serve'

/** A server on a free port, for the length of `use`. */
export async function withServer(use: (server: Server, client: Client) => Promise<void>, options: ServeOptions = {}): Promise<void> {
  const server = await serve({ port: 0, logLevel: 'silent', ...options })
  const client = connect(server.url)
  try {
    await use(server, client)
  } finally {
    client.close()
    await server.close()
  }
}

/** An empty folder, for the length of `use`. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Publishes a model with an application that waits for it, however busy the machine; its default is null. */
export async function publishPatiently(
  server: Server,
  name: string,
  model: ModelSource,
  options: PublishOptions = {},
): Promise<ModelRecord> {
  const record = await server.publish(name, model, { ...options, application: false })
  await server.registerApplication({ name, inputType: record.inputType, defaultOutput: null, sloMs: 60_000 })
  await server.link(name, name)
  return record
}

/** The process of a model's only container. */
export function containerPid(server: Server): number {
  const pid = server.metrics().models[0]?.replicas[0]?.pid
  if (pid === undefined) throw new Error('no container runs')
  return pid
}

/** Resolves once `holds` does; a test that waits in vain is ended by the runner's limit on a file. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** False too for a process that has ended and only waits to be reaped, which some machines' init does late or never. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // No /proc on this system, or gone since.
    return !existsSync('/proc/self')
  }
}

/** Processes that `pid` started and that have not been reaped. Only where there is /proc. */
export function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const children = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
  return children.filter((child) => child !== '').map(Number)
}

export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  type = 'application/json',
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } })
  return { status: response.status, text: await response.text() }
}

/** The code of the error that `promise` rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return String((error as { code?: unknown }).code)
  }
  return 'no error'
}

export async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}
