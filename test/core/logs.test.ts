import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { onWorkerLog, type WorkerLogLine, type WorkerLogOrigin, WorkerLogs } from '../../core/control/logs.js'

const origin = (workerId: string, stream: 'stdout' | 'stderr' = 'stdout'): WorkerLogOrigin => ({
  workerId,
  workerName: `worker ${workerId}`,
  actorName: null,
  taskId: null,
  stream,
})

/** The lines that a listener hears while `write` runs. */
function heard(write: (logs: WorkerLogs) => void): WorkerLogLine[] {
  const lines: WorkerLogLine[] = []
  const stop = onWorkerLog((line) => lines.push(line))
  write(new WorkerLogs())
  stop()
  return lines
}

test('a line has who wrote it, on which stream and when', () => {
  const from: WorkerLogOrigin = { workerId: '7', workerName: 'Counter', actorName: 'c', taskId: '9', stream: 'stderr' }
  assert.equal(
    heard((logs) => logs.received(from, 'hello\n', 5)),
    [{ ...from, line: 'hello', timeMs: 5 }],
  )
})

test('pieces of several workers and streams, cut anywhere, come out as the lines that were written', () => {
  const text = fc.stringMatching(/^[ab\n]{0,30}$/)
  const writer = fc.record({ workerId: fc.constantFrom('1', '2'), stream: fc.constantFrom('stdout' as const, 'stderr' as const) })
  fc.assert(
    fc.property(fc.array(fc.tuple(writer, text), { maxLength: 20 }), (pieces) => {
      const lines = heard((logs) => {
        for (const [{ workerId, stream }, piece] of pieces) logs.received(origin(workerId, stream), piece, 1)
        logs.ended(undefined, 2)
      })
      for (const workerId of ['1', '2']) {
        for (const stream of ['stdout', 'stderr']) {
          const whole = pieces.filter(([from]) => from.workerId === workerId && from.stream === stream).map(([, piece]) => piece)
          const expected = whole.join('').split('\n')
          if (expected.at(-1) === '') expected.pop()
          const own = lines.filter((line) => line.workerId === workerId && line.stream === stream)
          assert.equal(
            own.map(({ line }) => line),
            expected,
          )
        }
      }
    }),
  )
})

test('what a worker had begun to write when it ended is its last line, and others go on with theirs', () => {
  const lines = heard((logs) => {
    logs.received(origin('1'), 'last wor', 1)
    logs.received(origin('2'), 'still', 1)
    logs.ended('1', 3)
    logs.received(origin('2'), ' here\n', 4)
  })
  assert.equal(
    lines.map(({ workerId, line, timeMs }) => [workerId, line, timeMs]),
    [
      ['1', 'last wor', 3],
      ['2', 'still here', 4],
    ],
  )
})

test('a line that never ends is told in parts', () => {
  const piece = 'x'.repeat(1000)
  const lines = heard((logs) => {
    for (let n = 0; n < 200; n++) logs.received(origin('1'), piece, 1)
  })
  assert.is(lines.length, 3)
  for (const { line } of lines) assert.is(line.length, 65_536)
})

test('every listener hears every line until it stops, and the same function twice is two listeners', () => {
  const lines: string[] = []
  const note = ({ line }: WorkerLogLine): void => void lines.push(line)
  const logs = new WorkerLogs()
  const [stopFirst, stopSecond] = [onWorkerLog(note), onWorkerLog(note)]
  logs.received(origin('1'), 'a\n', 1)
  stopFirst()
  logs.received(origin('1'), 'b\n', 1)
  stopSecond()
  assert.equal(lines, ['a', 'a', 'b'])
})

function program(source: string): { stdout: string; stderr: string; status: number | null } {
  const module = JSON.stringify(new URL('../../core/control/logs.js', import.meta.url).href)
  const text = `import { onWorkerLog, WorkerLogs } from ${module}
    const logs = new WorkerLogs()
    const from = { workerId: '1', workerName: 'Counter', actorName: null, taskId: null, stream: 'stdout' }
    ${source}`
  return spawnSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' })
}

test('while nobody listens lines are printed behind the name of the worker, on the stream they were written to', () => {
  const { stdout, stderr } = program(`
    logs.received(from, 'one\\ntwo\\r\\n\\n', 1)
    logs.received({ ...from, stream: 'stderr' }, 'bad\\n', 1)
    const stop = onWorkerLog(() => {})
    logs.received(from, 'not printed\\n', 1)
    stop()
    logs.received(from, 'three\\n', 1)`)
  assert.is(stdout, '(Counter) one\n(Counter) two\n(Counter) \n(Counter) three\n')
  assert.is(stderr, '(Counter) bad\n')
})

test('a listener that throws stops neither the others nor the reading, and is reported as an uncaught exception', () => {
  const { stdout, status } = program(`
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    onWorkerLog(() => { throw new Error('mine') })
    onWorkerLog(({ line }) => console.log('heard', line))
    logs.received(from, 'one\\ntwo\\n', 1)
    console.log('read')`)
  assert.is(stdout, 'heard one\nheard two\nread\nuncaught mine\nuncaught mine\n')
  assert.is(status, 0)
})

test.run()
