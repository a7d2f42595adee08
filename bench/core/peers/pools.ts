/**
 * A no-op on two threads, one at a time and 1,000 in flight: Gymnura, piscina, tinypool, workerpool and bare comlink (calls in turn to a
 * worker each), all in one process, their windows in turn.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type MessagePort, Worker } from 'node:worker_threads'
import { type Remote, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { get, init, remote, shutdown } from '../../../core/index.js'
import { type Row, type Timed, timeit } from '../../timeit.js'
import { installPool, type PoolPackage } from './installed.js'

const IN_FLIGHT = 1000
const THREADS = availableParallelism()
const workerFile = (name: string) => fileURLToPath(new URL(`./workers/${name}.js`, import.meta.url))

interface Pool {
  /** One call of the no-op. */
  call(): Promise<unknown>
  /** 1,000 calls at once; their results together. */
  batch(): Promise<unknown>
  close(): Promise<unknown>
}

function ofCalls(call: () => Promise<unknown>, close: () => Promise<unknown>): Pool {
  return { call, close, batch: () => Promise.all(Array.from({ length: IN_FLIGHT }, call)) }
}

async function gymnura(): Promise<Pool> {
  await init({ numCpus: THREADS })
  const noop = remote(() => 'ok')
  return { call: () => get(noop.remote()), batch: () => get(Array.from({ length: IN_FLIGHT }, () => noop.remote())), close: shutdown }
}

interface TaskPool {
  run(task: unknown): Promise<unknown>
  destroy(): Promise<void>
}
type TaskPoolClass = new (options: { filename: string; minThreads: number; maxThreads: number }) => TaskPool

function taskPool(Class: TaskPoolClass): Pool {
  const pool = new Class({ filename: workerFile('noop'), minThreads: THREADS, maxThreads: THREADS })
  return ofCalls(
    () => pool.run(undefined),
    () => pool.destroy(),
  )
}

async function piscina(): Promise<Pool> {
  const { default: all }: { default: { Piscina: TaskPoolClass } } = await import(await installPool('piscina'))
  return taskPool(all.Piscina)
}

async function tinypool(): Promise<Pool> {
  const { default: all }: { default: { Tinypool: TaskPoolClass } } = await import(await installPool('tinypool'))
  return taskPool(all.Tinypool)
}

interface Workerpool {
  pool(
    file: string,
    options: { workerType: 'thread'; minWorkers: number; maxWorkers: number; workerThreadOpts: object },
  ): { exec(method: string): Promise<unknown>; terminate(): Promise<unknown> }
}

async function workerpool(): Promise<Pool> {
  const url = await installPool('workerpool')
  const { default: all }: { default: Workerpool } = await import(url)
  const workerThreadOpts = { workerData: { workerpool: url } }
  const pool = all.pool(workerFile('workerpool'), {
    workerType: 'thread',
    minWorkers: THREADS,
    maxWorkers: THREADS,
    workerThreadOpts,
  })
  return ofCalls(
    () => pool.exec('noop'),
    () => pool.terminate(),
  )
}

async function comlink(): Promise<Pool> {
  const workers = Array.from({ length: THREADS }, () => new Worker(workerFile('comlink')))
  // A Worker has the methods of a MessagePort that an endpoint needs.
  const remotes: Remote<{ noop(): string }>[] = workers.map((worker) => wrap(nodeEndpoint(worker as unknown as MessagePort)))
  let next = 0
  return ofCalls(
    async () => remotes[next++ % THREADS].noop(),
    () => Promise.all(workers.map((worker) => worker.terminate())),
  )
}

const makers: Record<'gymnura' | PoolPackage | 'comlink', () => Promise<Pool>> = { gymnura, piscina, tinypool, workerpool, comlink }

/** Rows of one kind of work: first ours, then each peer's that could be had. */
export interface PoolRows {
  readonly work: string
  readonly rows: readonly Row[]
}

/** `name` of each row is the system. What cannot be installed is left out, with a line that says so. */
export async function run(): Promise<PoolRows[]> {
  const pools: [string, Pool][] = []
  for (const [name, make] of Object.entries(makers)) {
    try {
      pools.push([name, await make()])
    } catch (error) {
      console.log(`${name} is left out: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    }
  }
  const against = async (work: string, calls: number, of: (pool: Pool) => () => Promise<unknown>): Promise<PoolRows> => {
    console.log(work)
    return { work, rows: await timeit(...pools.map(([name, pool]): Timed => ({ name, calls, work: of(pool) }))) }
  }
  const sync = await against('no-op, one at a time', 1, (pool) => pool.call)
  const async = await against('no-op, 1,000 in flight', IN_FLIGHT, (pool) => pool.batch)
  for (const [, pool] of pools) await pool.close()
  return [sync, async]
}
