/** A server in a process of its own: to be killed, or to be given less than it wants. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, type FeedbackEntry, readFeedback } from 'gymnura/serve'

export interface ServerProcess {
  readonly child: ChildProcess
  readonly client: Client
  readonly url: string
  /** What it wrote to its standard error. */
  errors(): string
}

export interface ServerSettings {
  /** No file of it grows beyond so many blocks (of 512 or 1,024 bytes, as the shell counts): what a full disk does. */
  readonly fileBlocks?: number
  /** Files, sockets and pipes that it may have open. */
  readonly descriptors?: number
  /** Fields of what `serve` is given, as source. */
  readonly options?: string
}

async function start(folder: string, { fileBlocks, descriptors, options = '' }: ServerSettings): Promise<ServerProcess> {
  const state = JSON.stringify(`file:${folder}`)
  const program = `
    import { serve } from 'gymnura/serve'
    const server = await serve({ port: 0, state: ${state}, logLevel: 'silent', ${options} })
    console.log(server.url)
    process.stdin.resume().once('end', () => void server.close().then(() => process.exit(0)))`
  const limits = [fileBlocks && `ulimit -f ${fileBlocks}`, descriptors && `ulimit -n ${descriptors}`].filter(Boolean)
  const limited = [...limits, 'exec "$0" "$@"'].join('; ')
  const child = spawn('sh', ['-c', limited, process.execPath, '--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString()
  })
  const started = await Promise.race([once(child.stdout, 'data') as Promise<[Buffer]>, once(child, 'exit')])
  if (!Buffer.isBuffer(started[0])) throw new Error(`the server ended: ${errors}`)
  const url = started[0].toString().trim()
  return { child, url, client: connect(url, { retries: 0 }), errors: () => errors }
}

/** A server on a folder, for the length of `use`; then it is closed, if it still runs. */
export async function withProcess(folder: string, settings: ServerSettings, use: (server: ServerProcess) => Promise<void>): Promise<void> {
  const server = await start(folder, settings)
  try {
    await use(server)
  } finally {
    server.client.close()
    const { child } = server
    if (child.exitCode === null && child.signalCode === null) {
      child.stdin?.end()
      await once(child, 'exit')
    }
  }
}

export async function kill({ child }: ServerProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** An empty folder for a state, for the length of `use`. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-faults-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function feedbackIn(folder: string): Promise<FeedbackEntry[]> {
  const entries: FeedbackEntry[] = []
  for await (const entry of readFeedback(folder)) entries.push(entry)
  return entries
}
