import { setTimeout as sleep } from 'node:timers/promises'
import { actor, get, init, metrics, onWorkerLog, remote, shutdown, timeline, type WorkerLogLine } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { QueueFullError } from '../../core/api/errors.js'
import { hexId } from '../../core/api/object-ref.js'
import { rejection } from './expect.js'

const lines: WorkerLogLine[] = []
const found = (text: string): WorkerLogLine | undefined => lines.find(({ line }) => line.includes(text))
async function eventually(look: () => unknown): Promise<void> {
  for (let tries = 0; tries < 200 && !(await look()); tries++) await sleep(10)
}

test.before(async () => {
  onWorkerLog((line) => lines.push(line))
  await init({ numCpus: 2 })
})
test.after(() => shutdown())

test('what a task prints is a line with its worker, its task and its stream', async () => {
  const ref = remote((text: string) => console.error(text)).remote('told by a task')
  await get(ref)
  const line = found('told by a task')!
  assert.equal([line.stream, line.taskId, line.actorName], ['stderr', hexId(ref.id), null])
  assert.match(line.workerName, /^worker-\d+$/)
})

test('what a worker wrote right before it ended arrives, also without a line break, with its actor', async () => {
  class Speaks {
    last() {
      process.stdout.write('my last words')
      process.exit(4)
    }
  }
  await rejection(get(actor(Speaks, { name: 'the speaker' }).remote().last.remote()))
  await eventually(() => found('my last words'))
  assert.is(found('my last words')!.actorName, 'the speaker')
})

test('what workers count reaches the driver, also the last before the worker ends', async () => {
  const counts = remote(async (by: number) => (await import('gymnura')).metrics.counter('wired_total').inc(by))
  await get([counts.remote(2), counts.remote(3)])
  class Counts {
    async end() {
      const { metrics } = await import('gymnura')
      metrics.counter('wired_total').inc(10)
      metrics.gauge('wired_level').set(1)
      process.exit(0)
    }
  }
  await rejection(get(actor(Counts).remote().end.remote()))
  await eventually(async () => (await metrics.text()).includes('wired_total 15'))
  const text = await metrics.text()
  assert.match(text, /^wired_total 15$/m)
  assert.not.match(text, /^wired_level\{/m)
})

test('a timeline has an arrow from a task to the one it started', async () => {
  const parent = remote(
    async () => {
      const { get, remote } = await import('gymnura')
      return await get(
        remote(
          async () => {
            await new Promise((resolve) => setTimeout(resolve, 5))
            return 1
          },
          { name: 'the child' },
        ).remote(),
      )
    },
    { name: 'the parent' },
  )
  await get(parent.remote())
  const events = await timeline()
  const run = (name: string) => events.find((event) => event.ph === 'X' && event.name === name)!
  const child = run('the child')
  assert.is(child.args!.parentTaskId, run('the parent').args!.taskId)
  assert.ok(events.some(({ ph, tid, ts }) => ph === 'f' && tid === child.tid && ts === child.ts))
})

test("a queue's error arrives with its class from a task", async () => {
  const fills = remote(async () => {
    const { Queue } = await import('gymnura')
    const queue = new Queue<number>(1)
    await queue.putNowait(1)
    await queue.putNowait(2)
  })
  const { cause } = (await rejection(get(fills.remote()))) as Error
  assert.instance(cause, QueueFullError)
  assert.is((cause as QueueFullError).code, 'ERR_QUEUE_FULL')
})

test.run()
