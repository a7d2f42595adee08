/** What is asked of every system, one after the other on a fresh start of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BlockRate, blockLoop } from '../parts/blocks.js'
import { closedLoop } from '../parts/load.js'
import { type HighestRate, highestRate } from '../parts/open-loop.js'
import { good, type Measured, shown } from '../parts/tally.js'
import { type Recovery, recovery } from './recovery.js'
import { inputText, Running } from './running.js'
import { BATCH, type System } from './systems.js'

const SECONDS = Number(process.env.BENCH_WINDOW_MS ?? 3000) / 1000
export const settings = { seconds: SECONDS, batch: BATCH, blockRows: 16_384 }
const MANY = 64
const BATCH_CONNECTIONS = 8
const BLOCK_CONNECTIONS = 4
/** A server that did not hold a rate gets so long to answer again. */
const SETTLE_MS = 5_000
const SETTLE_GAP_MS = 50
const NEAR = 1e-3

/** A load, and what the server took of a core, µs a request. */
export type Loaded = Measured & { readonly serverUs: number }

export interface Row {
  readonly name: string
  readonly kind: System['kind']
  /** When it was measured. */
  readonly at: string
  readonly firstAnswerSeconds: number
  /** PSS of all its processes, MB: after the first answer, and after the load of 64 connections. */
  readonly memoryMB: number
  readonly memoryLoadedMB: number
  readonly one: Loaded
  readonly many: Loaded
  /** Rows a second in requests of 64 inputs; null where it refuses them. */
  readonly batchInputsPerSecond: number | null
  /** In blocks by Open Inference v2; null where it does not speak it, or refuses blocks. */
  readonly blocks: BlockRate | null
  readonly open: HighestRate
  /** After kill -9 of the model's process; null where the server itself holds the model. */
  readonly recovery: Recovery | null
}

async function loaded(running: Running, connections: number, inputs: number): Promise<Loaded> {
  const { path, body } = running.system
  const texts = (request: number) => body(Array.from({ length: inputs }, (_, i) => inputText(request * inputs + i)))
  const warmSeconds = 0.5
  const before = running.cpuSeconds()
  const measured = await closedLoop({ port: running.port, path, body: texts, connections, seconds: SECONDS, warmSeconds })
  const requests = measured.rate * (SECONDS + warmSeconds)
  return { ...measured, serverUs: (1e6 * (running.cpuSeconds() - before)) / requests }
}

/** Throws where the answer to an input is not the network's. */
async function checkAnswer(running: Running, mlp: (input: ArrayLike<number>) => Float64Array): Promise<void> {
  const { name, read } = running.system
  if (read === undefined) return
  const input = [0.3, -0.2, 0.1, 0.4]
  const { status, body } = await running.ask(JSON.stringify(input))
  if (status !== '200') throw new Error(`${name} answers ${status}: ${body.slice(0, 200)}`)
  const [left, right] = mlp(input) as unknown as [number, number]
  const told = read(body)
  const near = (value: number | undefined, logit: number) => Math.abs((value ?? Number.NaN) - logit) < NEAR
  const agrees = typeof told === 'number' ? told === (right > left ? 1 : 0) : near(told[0], left) && near(told[1], right)
  if (!agrees) throw new Error(`${name} answers ${body.slice(0, 200)} where the network says ${left}, ${right}`)
}

async function settle(running: Running): Promise<void> {
  for (const until = performance.now() + SETTLE_MS; performance.now() < until; await sleep(SETTLE_GAP_MS)) {
    const askedAt = performance.now()
    const { status } = await running.ask()
    if (status === '200' && performance.now() - askedAt < SETTLE_GAP_MS) return
  }
}

async function blocksOf({ port, system: { blocks, name } }: Running): Promise<BlockRate | null> {
  if (blocks === undefined) return null
  const input = name.startsWith('gymnura') ? 'observation' : 'input'
  const load = { port, input, ...blocks, rows: settings.blockRows, connections: BLOCK_CONNECTIONS, seconds: SECONDS }
  return await blockLoop(load).catch((error: Error) => {
    console.log(`  blocks of ${settings.blockRows} rows: ${error.message}`)
    return null
  })
}

/** The two closed loops alone: whether the machine is at the end what it was at the beginning. */
export async function measureLoops(system: System, policy: string): Promise<{ one: Loaded; many: Loaded }> {
  const running = await Running.start(system, policy)
  try {
    return { one: await loaded(running, 1, 1), many: await loaded(running, MANY, 1) }
  } finally {
    await running.stop()
  }
}

/** @throws where the system cannot be had, doesn't start or answers wrongly */
export async function measureSystem(system: System, policy: string, mlp: (input: ArrayLike<number>) => Float64Array): Promise<Row> {
  const running = await Running.start(system, policy)
  try {
    const { firstAnswerSeconds } = running
    await checkAnswer(running, mlp)
    const memory = running.memoryMB()
    console.log(`  first 200 after ${firstAnswerSeconds.toFixed(2)} s, ${memory.toFixed(0)} MB`)
    const one = await loaded(running, 1, 1)
    console.log(`  1 connection: ${shown(one)}; server ${one.serverUs.toFixed(0)} µs, client ${one.clientUs.toFixed(0)} µs of a core`)
    const many = await loaded(running, MANY, 1)
    console.log(
      `  ${MANY} connections: ${shown(many)}; server ${many.serverUs.toFixed(0)} µs, client ${many.clientUs.toFixed(0)} µs of a core`,
    )
    const memoryLoadedMB = running.memoryMB()
    const batch = await loaded(running, BATCH_CONNECTIONS, BATCH)
    console.log(
      `  ${BATCH} inputs a request, ${BATCH_CONNECTIONS} connections: ${Math.round(batch.rate * BATCH)} inputs/s (${shown(batch)})`,
    )
    const blocks = await blocksOf(running)
    if (blocks) console.log(`  blocks: ${(blocks.rowsPerSecond / 1e6).toFixed(2)} M rows/s`)
    await settle(running)
    const load = {
      port: running.port,
      path: system.path,
      body: (request: number) => system.body([inputText(request)]),
      seconds: SECONDS * 0.6,
    }
    const open = await highestRate(load, 1.1 * good(many), () => settle(running))
    console.log(
      `  open loop: ${Math.round(open.rate)}/s (tried ${open.trials.map(({ due, held }) => `${Math.round(due)}${held ? '' : '!'}`).join(' ')})`,
    )
    const recovered = system.worker ? await recovery(running) : null
    if (recovered) console.log(`  after kill -9: ${JSON.stringify(recovered)}`)
    return {
      name: system.name,
      kind: system.kind,
      at: new Date().toISOString().slice(0, 16),
      firstAnswerSeconds,
      memoryMB: memory,
      memoryLoadedMB,
      one,
      many,
      batchInputsPerSecond: batch.refused > 0.5 ? null : batch.rate * (1 - batch.refused - batch.defaults) * BATCH,
      blocks,
      open,
      recovery: recovered,
    }
  } finally {
    await running.stop()
  }
}
