import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Client, connect } from 'gymnura/serve'
import * as assert from 'uvu/assert'
import { pushPolicy } from '../policies.js'

/** A server in a process of its own, to be killed. */
async function startServer(state: string): Promise<[ChildProcess, Client]> {
  const program = `import { serve } from 'gymnura/serve'; const s = await serve({ port: 0, state: ${JSON.stringify(state)}, logLevel: 'silent' }); console.log(s.url)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return [child, connect(line.toString().trim())]
}

/**
 * Publishes, asks and gives feedback as fast as it goes, at servers that are killed after so many milliseconds, one after the other.
 * Returns what was acknowledged: the models, and the queries whose feedback was.
 */
export async function publishUntilKilled(state: string, afterMs: readonly number[]): Promise<{ published: string[]; told: number[] }> {
  const published: string[] = []
  const told: number[] = []
  for (const [round, ms] of afterMs.entries()) {
    const [child, client] = await startServer(state)
    const kill = setTimeout(() => child.kill('SIGKILL'), ms)
    try {
      for (let i = 0; ; i++) {
        const name = `m-${round}-${i}`
        await client.publish(name, pushPolicy(), { isolation: 'inline' })
        published.push(name)
        for (let k = 0; k < 5; k++) {
          const { queryId } = await client.predict(name, [0, k, i, 1])
          if ((await client.feedback(name, { queryId, reward: 0.5 })).accepted) told.push(queryId)
        }
      }
    } catch (error) {
      assert.is((error as { code?: string }).code, 'SERVER_UNREACHABLE')
    }
    clearTimeout(kill)
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    client.close()
  }
  return { published, told }
}
