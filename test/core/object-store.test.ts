import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { ObjectLostError, ObjectStoreFullError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultStoreBytes } from '../../core/store/default-limit.js'
import type { LargeBuffer } from '../../core/store/large-buffer.js'
import { ObjectStore } from '../../core/store/object-store.js'
import { StoreUsage } from '../../core/store/usage.js'

const KIB = 1024
const root = mkdtempSync(join(tmpdir(), 'gymnura-test-'))
const moduleOf = (name: string) => JSON.stringify(new URL(`../../core/store/${name}.js`, import.meta.url).href)
let folders = 0

test.after(() => rmSync(root, { recursive: true }))

function store(limitBytes: number, spillDir = join(root, String(++folders)), usage = new StoreUsage()) {
  const toldSpilled: LargeBuffer[] = []
  const objects = new ObjectStore({ limitBytes, spillDir, usage })
  const hold = (bytes: number, id: number) => objects.hold(filled(bytes, id), id, { spilled: (buffer) => toldSpilled.push(buffer) })
  return { objects, spillDir, usage, toldSpilled, hold }
}

/** Bytes that no other seed has. */
function filled(bytes: number, seed: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(bytes)
  const view = new Uint8Array(memory)
  let state = seed + 1
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    view[i] = state >>> 24
  }
  return memory
}

function isFilled(memory: SharedArrayBuffer, seed: number): boolean {
  return Buffer.from(memory).equals(Buffer.from(filled(memory.byteLength, seed)))
}

function spillFiles(spillDir: string): string[] {
  if (!existsSync(spillDir)) return []
  const entries = readdirSync(spillDir, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

function failure<E extends Error>(type: new (...args: never[]) => E, action: () => unknown): E {
  try {
    action()
  } catch (error) {
    assert.instance(error, type)
    return error as E
  }
  throw new Error(`expected ${type.name}`)
}

test('whatever is held, read and released: the content is right, the limit is kept, and the least recently used go to disk', () => {
  const limit = 3 * KIB * KIB
  const bytes = fc.oneof(fc.integer({ min: 1, max: 200 * KIB }), fc.constantFrom(KIB * KIB - 1, KIB * KIB, KIB * KIB + 1, limit))
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('hold' as const), bytes }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('read' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat() }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const { objects, spillDir, toldSpilled, hold } = store(limit)
      const held: { buffer: LargeBuffer; id: number }[] = []
      /** The model: in memory, the least recently used first; those with a file. */
      let order: LargeBuffer[] = []
      const written = new Set<LargeBuffer>()
      const expectedSpills: LargeBuffer[] = []
      const sum = (buffers: Iterable<LargeBuffer>) => [...buffers].reduce((total, buffer) => total + buffer.bytes, 0)
      const use = (buffer: LargeBuffer) => {
        order = order.filter((other) => other !== buffer)
        while (sum(order) + buffer.bytes > limit) {
          const oldest = order.shift()!
          written.add(oldest)
          expectedSpills.push(oldest)
        }
        order.push(buffer)
      }
      let nextId = 0
      for (const action of steps) {
        if (action.kind === 'hold') {
          const id = nextId++
          const buffer = hold(action.bytes, id)
          held.push({ buffer, id })
          use(buffer)
        } else if (held.length > 0) {
          const [{ buffer, id }] = action.kind === 'read' ? [held[action.which % held.length]!] : held.splice(action.which % held.length, 1)
          if (action.kind === 'read') {
            use(buffer)
            assert.ok(isFilled(buffer.object, id))
          } else {
            objects.release(buffer)
            order = order.filter((other) => other !== buffer)
            written.delete(buffer)
          }
        }
        assert.ok(objects.usedBytes <= limit)
        assert.is(objects.usedBytes, sum(order))
        assert.is(objects.spilledBytes, sum(held.map(({ buffer }) => buffer)) - sum(order))
        assert.is(objects.objectCount, held.length)
        assert.is(objects.spilledCount, held.length - order.length)
        for (const { buffer } of held) assert.is(buffer.inMemory, order.includes(buffer))
        assert.is(spillFiles(spillDir).length, written.size)
      }
      assert.ok(expectedSpills.length === toldSpilled.length && expectedSpills.every((buffer, i) => toldSpilled[i] === buffer))
    }),
    { numRuns: 60 },
  )
})

test('a value that came back from disk is not written again when it goes there a second time', () => {
  const { spillDir, hold } = store(100 * KIB)
  const first = hold(60 * KIB, 1)
  const second = hold(60 * KIB, 2)
  const [file] = spillFiles(spillDir)
  assert.ok(isFilled(first.object, 1))
  rmSync(file!)
  assert.ok(isFilled(second.object, 2))
  assert.not(first.inMemory)
  assert.not(existsSync(file!))
})

test('a spilled object whose file is gone, cut short, or changed is told as lost, with its id and its file', () => {
  const damages: [(file: string) => void, RegExp][] = [
    [(file) => rmSync(file), /is gone/],
    [(file) => truncateSync(file, 1000), /has 1000 bytes instead of 61440/],
    [(file) => writeFileSync(file, readFileSync(file).fill(7, 5000, 5001)), /has other content \(checksum/],
  ]
  for (const [damage, why] of damages) {
    const { objects, spillDir, hold } = store(100 * KIB)
    const buffer = hold(60 * KIB, 0x1f)
    const other = hold(60 * KIB, 2)
    const [file] = spillFiles(spillDir)
    damage(file!)
    const { message } = failure(ObjectLostError, () => buffer.object)
    assert.match(message, why)
    assert.match(message, '000000000000001f')
    assert.match(message, file!)
    assert.is(objects.spilledCount, 2)
    assert.is(objects.usedBytes, 0)
    assert.ok(isFilled(other.object, 2))
    objects.release(buffer)
    objects.release(other)
    assert.is(objects.usedBytes + objects.spilledBytes, 0)
    assert.equal(spillFiles(spillDir), [])
  }
})

test('a released object is counted no longer, however often it is released', () => {
  const { objects, hold } = store(100 * KIB)
  const first = hold(60 * KIB, 1)
  const second = hold(60 * KIB, 2)
  for (const buffer of [first, second, first, second]) objects.release(buffer)
  assert.is(objects.usedBytes, 0)
  assert.is(objects.spilledBytes, 0)
  assert.match(failure(ObjectLostError, () => first.object).message, /was freed/)
  assert.is(objects.usedBytes, 0)
})

test('an object larger than the whole store is refused with both sizes', () => {
  const { objects, hold } = store(100 * KIB)
  const small = hold(KIB, 1)
  const { message } = failure(ObjectStoreFullError, () => hold(101 * KIB, 2))
  assert.match(message, /103424 bytes .* \(102400 bytes\); give init a larger objectStoreBytes/)
  failure(ObjectStoreFullError, () => objects.allocate(101 * KIB))
  assert.ok(small.inMemory)
  assert.is(objects.usedBytes, KIB)
})

test('where the folder cannot be made, a full store refuses more and loses nothing', () => {
  const file = join(root, 'a-file')
  writeFileSync(file, '')
  const { objects, toldSpilled, hold } = store(100 * KIB, join(file, 'spill'))
  const first = hold(60 * KIB, 1)
  const error = failure(ObjectStoreFullError, () => hold(60 * KIB, 2))
  assert.match(error.message, file)
  assert.match(error.message, /ENOTDIR/)
  assert.match(error.message, /GYMNURA_SPILL_DIR/)
  assert.is((error.cause as NodeJS.ErrnoException).code, 'ENOTDIR')
  assert.is(objects.usedBytes, 60 * KIB)
  assert.is(objects.objectCount, 1)
  assert.equal(toldSpilled, [])
  assert.ok(isFilled(first.object, 1))
  assert.ok(hold(40 * KIB, 3).inMemory, 'what fits is still taken')
})

test('where the folder was removed, a full store refuses to give up more, and what is in memory stays', () => {
  const { objects, spillDir, hold } = store(100 * KIB)
  const lost = hold(60 * KIB, 1)
  const kept = hold(60 * KIB, 2)
  rmSync(spillDir, { recursive: true })
  assert.match(failure(ObjectStoreFullError, () => hold(60 * KIB, 3)).message, /ENOENT/)
  assert.match(failure(ObjectStoreFullError, () => lost.object).message, /ENOENT/)
  assert.ok(isFilled(kept.object, 2))
  assert.is(objects.usedBytes, 60 * KIB)
  objects.release(kept)
  assert.match(failure(ObjectLostError, () => lost.object).message, /is gone/)
})

test('a disk that is full in the middle of a file leaves nothing of it behind, and the object stays in memory', () => {
  if (process.platform === 'win32') return
  const spillDir = join(root, String(++folders))
  const program = `
    import { readdirSync } from 'node:fs'
    const { ObjectStore } = await import(${moduleOf('object-store')})
    const { StoreUsage } = await import(${moduleOf('usage')})
    const spillDir = ${JSON.stringify(spillDir)}
    const objects = new ObjectStore({ limitBytes: 5e6, spillDir, usage: new StoreUsage() })
    const memory = new SharedArrayBuffer(4e6)
    new Uint8Array(memory).fill(9)
    const buffer = objects.hold(memory, 1, { spilled() {} })
    let error
    try { objects.hold(new SharedArrayBuffer(3e6), 2, { spilled() {} }) } catch (caught) { error = caught }
    const files = readdirSync(spillDir, { recursive: true }).map(String)
    const intact = buffer.inMemory && new Uint8Array(buffer.object).every((byte) => byte === 9)
    console.log(JSON.stringify({ code: error.code, cause: error.cause.code, files, intact, used: objects.usedBytes }))`
  // The system refuses to let files grow beyond a limit as it refuses on a full disk: after a part was written.
  const limited = `ulimit -f 4096; exec "$0" --input-type=module -e "$1"`
  const child = spawnSync('sh', ['-c', limited, process.execPath, program], { encoding: 'utf8' })
  assert.is(child.status, 0, child.stderr)
  const expected = { code: 'ERR_OBJECT_STORE_FULL', cause: 'EFBIG', files: ['thread-0'], intact: true, used: 4e6 }
  assert.equal(JSON.parse(child.stdout), expected)
})

test('a thread that has nothing left to spill goes on, and the others make room when they next look', () => {
  const usage = new StoreUsage()
  const ours = store(100 * KIB, undefined, usage)
  const theirs = store(100 * KIB, undefined, new StoreUsage(usage.forThread()))
  const oldest = ours.hold(50 * KIB, 1)
  const newest = ours.hold(40 * KIB, 2)
  ours.objects.relieve()
  assert.ok(oldest.inMemory, 'nobody has asked')
  assert.ok(theirs.hold(20 * KIB, 3).inMemory)
  assert.is(usage.inMemoryBytes, 110 * KIB)
  assert.ok(usage.pressed)
  ours.objects.relieve()
  assert.not(oldest.inMemory)
  assert.ok(newest.inMemory)
  assert.not(usage.pressed)
  assert.is(usage.inMemoryBytes, 60 * KIB)
  assert.is(usage.onDiskBytes, 50 * KIB)
})

test('another thread spills its own objects first, asks for room over shared memory, and what it held is taken off when it ends', async () => {
  const { objects, usage, hold } = store(1000 * KIB)
  const first = hold(400 * KIB, 1)
  const second = hold(400 * KIB, 2)
  const thread = usage.forThread()
  const program = `
    const { parentPort, workerData } = require('node:worker_threads')
    void (async () => {
      const { ObjectStore } = await import(${moduleOf('object-store')})
      const { StoreUsage } = await import(${moduleOf('usage')})
      const objects = new ObjectStore({ limitBytes: ${1000 * KIB}, spillDir: workerData.spillDir, usage: new StoreUsage(workerData.thread) })
      const owner = { spilled() {} }
      const own = objects.hold(new SharedArrayBuffer(${100 * KIB}), 1, owner)
      const large = objects.hold(new SharedArrayBuffer(${500 * KIB}), 2, owner)
      parentPort.postMessage([own.inMemory, large.inMemory, objects.usedBytes, objects.spilledBytes])
      setInterval(() => {}, 1000)
    })()`
  const worker = new Worker(program, { eval: true, workerData: { thread, spillDir: join(root, String(++folders)) } })
  try {
    const answer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))
    assert.equal(answer, [false, true, 500 * KIB, 100 * KIB])
    assert.ok(usage.pressed)
    assert.is(usage.inMemoryBytes, 1300 * KIB)
    objects.relieve()
    assert.not(first.inMemory)
    assert.ok(second.inMemory)
    assert.is(usage.inMemoryBytes, 900 * KIB)
  } finally {
    await worker.terminate()
  }
  usage.writeOff(thread)
  usage.writeOff(thread)
  assert.is(usage.inMemoryBytes, 400 * KIB)
  assert.is(usage.onDiskBytes, 400 * KIB)
})

test('a failing disk is not told to a thread that only makes room for others', () => {
  const usage = new StoreUsage()
  const file = join(root, 'another-file')
  writeFileSync(file, '')
  const ours = store(100 * KIB, join(file, 'spill'), usage)
  const theirs = store(100 * KIB, undefined, new StoreUsage(usage.forThread()))
  const buffer = ours.hold(90 * KIB, 1)
  theirs.hold(20 * KIB, 2)
  ours.objects.relieve()
  ours.objects.relieve()
  assert.ok(isFilled(buffer.object, 1))
  assert.is(usage.inMemoryBytes, 110 * KIB)
})

test('memory that was spilled comes free, also while one function goes on holding more', () => {
  const bytes = 32 * KIB * KIB
  const { objects } = store(2 * bytes)
  const before = process.memoryUsage.rss()
  let peak = 0
  const held: LargeBuffer[] = []
  for (let i = 0; i < 24; i++) {
    const memory = objects.allocate(bytes)
    new Uint8Array(memory).fill(i + 1)
    held.push(objects.hold(memory, i, { spilled() {} }))
    peak = Math.max(peak, process.memoryUsage.rss() - before)
  }
  assert.is(objects.spilledBytes, 22 * bytes)
  assert.ok(peak < 18 * bytes, `grew by ${peak >> 20} MiB for ${(24 * bytes) >> 20} MiB of which ${(2 * bytes) >> 20} may be in memory`)
  assert.is(new Uint8Array(held[0]!.object)[bytes - 1], 1)
  for (const buffer of held) objects.release(buffer)
})

test('the default limit is a whole number of bytes, at most 30 % of the memory of the machine', () => {
  const bytes = defaultStoreBytes()
  assert.ok(Number.isInteger(bytes) && bytes > 0 && bytes <= totalmem() * 0.3, String(bytes))
})

test('threads that collect for the first time at once do not take the way to do it from each other', async () => {
  const code = `
    import { workerData, parentPort } from 'node:worker_threads'
    const { collectNow } = await import(${moduleOf('collection')})
    const gate = new Int32Array(workerData)
    Atomics.add(gate, 1, 1)
    Atomics.wait(gate, 0, 0)
    try { collectNow(); parentPort.postMessage('ok') } catch (error) { parentPort.postMessage(String(error)) }`
  for (let round = 0; round < 4; round++) {
    const gate = new Int32Array(new SharedArrayBuffer(8))
    const workers = Array.from(
      { length: 6 },
      () => new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: gate.buffer }),
    )
    const answers = workers.map((worker) => new Promise((resolve) => worker.once('message', resolve)))
    while (Atomics.load(gate, 1) < workers.length) await new Promise((resolve) => setTimeout(resolve, 2))
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    assert.equal(
      await Promise.all(answers),
      workers.map(() => 'ok'),
    )
  }
})

test.run()
