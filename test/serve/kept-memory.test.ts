import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Dispatcher } from '../../serve/batching/dispatcher.js'
import { checkBatching } from '../../serve/batching/policies.js'
import type { Container, ModelDescription } from '../../serve/containers/container.js'
import { FrameReader, FrameType, FrameWriter, SectionTag } from '../../serve/containers/frames.js'
import { LogBook } from '../../serve/log/log-book.js'
import { Application } from '../../serve/registry/application.js'
import type { Arm } from '../../serve/registry/arm.js'
import { checkApplication } from '../../serve/registry/options.js'
import { Bandit } from '../../serve/selection/bandit.js'
import { selectionPolicy } from '../../serve/selection/policies.js'
import { MemoryState, USERS_REMEMBERED } from '../../serve/state/memory.js'
import { isForgotten } from './garbage.js'

const MIB = 1024 ** 2
const LARGE = 16 * MIB

test('a line that the log has dropped for newer ones is not kept anywhere', async () => {
  const book = new LogBook(30, () => {})
  const forgotten = await isForgotten(() => {
    const model = { name: 'm' }
    book.write('x'.repeat(1_000), 30, { model })
    for (let i = 0; i < 5_000; i++) book.write('y'.repeat(1_000), 30, {})
    return new WeakRef(model)
  })
  assert.ok(forgotten)
  assert.is(book.lines({}, 10_000).length, Math.floor((4 * MIB) / 1_000))
})

test('state in memory remembers so many users, and forgets first who was taught longest ago', async () => {
  const state = new MemoryState()
  const teach = (user: number) => state.learn({ key: `a/${user}`, sums: new Map([['m', [1, 1]]]), widestGap: Number.POSITIVE_INFINITY })
  for (let user = 0; user < USERS_REMEMBERED; user++) await teach(user)
  await teach(0)
  await teach(USERS_REMEMBERED)
  const pullsOf = (user: number) => state.standing(`a/${user}`).sums.get('m')?.[1]
  assert.equal([0, 1, 2, USERS_REMEMBERED].map(pullsOf), [2, undefined, 1, 1])
})

test('the counts of a link are forgotten with it, and late feedback on it brings them back for nobody', async () => {
  const record = checkApplication({ name: 'a', defaultOutput: 0 })
  const application = new Application(record, new Bandit('a', selectionPolicy('fixed'), new MemoryState()))
  const link = (...names: string[]) => {
    application.links = names
    application.arms = names.map((name) => ({ name }) as Arm)
  }
  const forgotten = await isForgotten(() => {
    link('m:1', 'm:2')
    application.tally('m:1').queries = 7
    application.tally('m:2').queries = 5
    const tally = new WeakRef(application.tally('m:1'))
    link('m:2', 'm:3')
    application.tally('m:1').feedback++
    return tally
  })
  assert.ok(forgotten)
  assert.equal(
    application.tallies.map(({ queries }) => queries),
    [5, 0],
  )
  link('m:1')
  assert.equal(application.tally('m:1'), { queries: 0, feedback: 0, losses: 0 })
})

test('a version that is stopped does not keep its containers, whoever keeps the version', async () => {
  const description: ModelDescription = { inputType: 'floats', inputSize: 1, outputs: [{ name: 'y', type: 'floats', shape: [] }] }
  const sink = { predicted: () => {}, dropped: () => {} }
  const dispatcher = new Dispatcher(description, [], 100, checkBatching(), sink)
  const forgotten = await isForgotten(async () => {
    const container = { ready: true, maxInFlight: 1, restarts: 0, pid: undefined, onReady: () => {}, stop: async () => {} }
    dispatcher.add(container as unknown as Container)
    await dispatcher.close()
    return new WeakRef(container)
  })
  assert.ok(forgotten)
  assert.equal([dispatcher.ready, dispatcher.replicas], [false, []])
})

test('a single large frame does not cost its size for ever, neither who writes nor who reads it', () => {
  const writer = new FrameWriter()
  const frameOf = (bytes: number) => Buffer.from(writer.begin(FrameType.REPLY, 1, 1).bytes(SectionTag.OUTPUTS, new Uint8Array(bytes)).end())
  const gathered: number[] = []
  const reader = new FrameReader(2 * LARGE, (frame) => gathered.push(frame.bytes(SectionTag.OUTPUTS)!.buffer.byteLength))
  // In two parts, so that it is gathered.
  const read = (frame: Buffer) => {
    reader.push(frame.subarray(0, frame.length / 2))
    reader.push(frame.subarray(frame.length / 2))
  }
  read(frameOf(LARGE))
  const small = writer.begin(FrameType.HEARTBEAT).end()
  assert.ok(small.buffer.byteLength <= MIB, `${small.buffer.byteLength} bytes to write in`)
  read(frameOf(8))
  assert.ok(gathered[0]! >= LARGE, `${gathered[0]}`)
  assert.ok(gathered[1]! <= MIB, `${gathered[1]} bytes to read in`)
})

test.run()
