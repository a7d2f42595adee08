/**
 * The twin of Ray's microbenchmark (ray_perf.py of Ray 2.60.0): the same rows under the same names, the same work, from top to bottom in
 * the same order. A no-op returns 'ok' (Ray's b"ok"); CPUs and numbers of actors follow the machine's cores as they do there.
 * Left out: the rows of Ray Client, which is a network protocol to a distant cluster. Rows below "ours" have no twin there.
 */
import { availableParallelism } from 'node:os'
import { type ActorHandle, actor, get, init, kill, type ObjectRef, put, remote, shutdown, wait } from '../../core/index.js'
import { type Row, type Timed, timeit, timeTurns } from '../timeit.js'
import { timePlacementGroups } from './rows/placement-groups.js'

const module = import.meta.url
const CPUS = availableParallelism()
/** int64 in the arrays of the put rows: 800 MiB and 80 MiB. Ray counts them as 0.8 and 0.08 gigabytes. */
const LARGE = 100 * 2 ** 20
const MEDIUM = 10 * 2 ** 20
/** A call of the largest put takes half a second. */
const TURNS = 24

export class Actor {
  smallValue() {
    return 'ok'
  }
  smallValueArg(_x: number) {
    return 'ok'
  }
  async smallValueBatch(n: number) {
    await get(many(n, () => small.remote()))
  }
}

export class AsyncActor {
  async smallValue() {
    return 'ok'
  }
  async smallValueWithArg(_x: number) {
    return 'ok'
  }
}

type Server = ActorHandle<Actor> | ActorHandle<AsyncActor>

export class Client {
  constructor(private readonly servers: Server[]) {}

  async smallValueBatch(n: number) {
    await get(this.servers.flatMap((server) => many(n, () => server.smallValue.remote())))
  }
  async smallValueBatchArg(n: number) {
    const x = put(0)
    await get(this.servers.flatMap((server) => many(n, () => (server as ActorHandle<Actor>).smallValueArg.remote(x))))
  }
}

export function smallValue() {
  return 'ok'
}

export async function smallValueAsync() {
  return 'ok'
}

export async function doPutSmall() {
  for (let i = 0; i < 100; i++) put(0)
}

export async function doPut() {
  for (let i = 0; i < 10; i++) put(new BigInt64Array(MEDIUM))
}

export async function createObjectContainingRefs(): Promise<ObjectRef<number>[]> {
  return many(10_000, () => put(1))
}

export function count(refs: ObjectRef<number>[]) {
  return refs.length
}

/** n calls over the actors in turn. */
export async function work(servers: Server[], n: number) {
  await get(many(n, (i) => servers[i % servers.length].smallValue.remote()))
}

const small = remote(smallValue, { module })
const smallAsync = remote(smallValueAsync, { module })
const putSmall = remote(doPutSmall, { module })
const putMedium = remote(doPut, { module })
const createRefs = remote(createObjectContainingRefs, { module })
const countRefs = remote(count, { module })
const callAll = remote(work, { module })
const Actors = actor(Actor, { module, numCpus: 0 })
const AsyncActors = actor(AsyncActor, { module })
const Clients = actor(Client, { module, numCpus: 0 })

function many<T>(n: number, submit: (i: number) => ObjectRef<T>): ObjectRef<T>[] {
  const refs: ObjectRef<T>[] = []
  for (let i = 0; i < n; i++) refs.push(submit(i))
  return refs
}

const batch = (n: number, submit: (i: number) => ObjectRef): Promise<unknown> => get(many(n, submit))

/** @param args a word that the names of the rows to run contain; default all */
export async function run([pattern = '']: readonly string[] = []): Promise<Row[]> {
  const rows: Row[] = []
  const chosen = (timed: Timed[]) => timed.filter(({ name }) => name.includes(pattern))
  const time = async (...timed: Timed[]) => {
    if (chosen(timed).length > 0) rows.push(...(await timeit(...chosen(timed))))
  }
  const turns = async (...timed: Timed[]) => {
    if (chosen(timed).length > 0) rows.push(...(await timeTurns(TURNS, ...timed)))
  }
  await init({ numCpus: CPUS })
  await timeObjects(time, turns)
  await timeTasks(time)
  await timeActors(time)
  await timeAsyncActors(time)
  await timeOurs(time)
  await shutdown()
  await timePlacementGroups(time)
  return rows
}

export type Time = (...timed: Timed[]) => Promise<void>

async function timeObjects(time: Time, turns: Time): Promise<void> {
  const value = put(0)
  await time({ name: 'single client get calls (Plasma Store)', work: () => get(value) })
  await time({ name: 'single client put calls (Plasma Store)', work: async () => put(0) })
  await time({ name: 'multi client put calls (Plasma Store)', calls: 1000, work: () => batch(10, () => putSmall.remote()) })
  const large = new BigInt64Array(LARGE)
  // Against what the memory of this machine allows: `put` has to copy.
  await turns(
    { name: 'single client put gigabytes', unit: 'GB/s', calls: 0.8, work: async () => put(large) },
    { name: 'plain copy of gigabytes into fresh memory', unit: 'GB/s', calls: 0.8, work: async () => large.slice() },
  )
}

async function timeTasks(time: Time): Promise<void> {
  await time({ name: 'single client tasks and get batch', work: () => batch(1000, () => small.remote()) })
  await time({ name: 'multi client put gigabytes', unit: 'GB/s', calls: 8, work: () => batch(10, () => putMedium.remote()) })
  const containing = createRefs.remote()
  await time({ name: 'single client get object containing 10k refs', work: () => get(containing) })
  // Here a value stays decoded on its ref; a task has to decode it.
  await time({ name: 'task with an object containing 10k refs', work: () => get(countRefs.remote(containing)) })
  await time({
    name: 'single client wait 1k refs',
    work: async () => {
      let notReady = many(1000, () => small.remote())
      while (notReady.length > 0) [, notReady] = await wait(notReady)
    },
  })
  await time({ name: 'single client tasks sync', work: () => get(small.remote()) })
  await time({ name: 'single client tasks async', calls: 1000, work: () => batch(1000, () => small.remote()) })
  const n = 10_000
  await withActors(4, Actors, (actors) =>
    time({
      name: 'multi client tasks async',
      calls: n * actors.length,
      work: () => get(actors.map((one) => one.smallValueBatch.remote(n))),
    }),
  )
}

/** Half the cores, as Ray's benchmark has it. */
const HALF = Math.max(1, Math.floor(CPUS / 2))

async function timeActors(time: Time): Promise<void> {
  await withActors(1, Actors, ([a]) => time({ name: '1:1 actor calls sync', work: () => get(a.smallValue.remote()) }))
  await withActors(1, Actors, ([a]) =>
    time({ name: '1:1 actor calls async', calls: 1000, work: () => batch(1000, () => a.smallValue.remote()) }),
  )
  await withActors(1, Actors.options({ maxConcurrency: 16 }), ([a]) =>
    time({ name: '1:1 actor calls concurrent', calls: 1000, work: () => batch(1000, () => a.smallValue.remote()) }),
  )
  const n = 5000
  await withActors(HALF, Actors, async (actors) => {
    const client = Clients.remote(actors)
    await time({ name: '1:n actor calls async', calls: n * HALF, work: () => get(client.smallValueBatch.remote(n)) })
    await kill(client)
  })
  await withActors(HALF, Actors, (actors) =>
    time({ name: 'n:n actor calls async', calls: 4 * n, work: () => batch(4, () => callAll.remote(actors, n)) }),
  )
  await withActors(HALF, Actors, async (actors) => {
    const clients = actors.map((one) => Clients.remote([one]))
    await time({
      name: 'n:n actor calls with arg async',
      calls: 1000 * HALF,
      work: () => get(clients.map((client) => client.smallValueBatchArg.remote(1000))),
    })
    for (const client of clients) await kill(client)
  })
}

async function timeAsyncActors(time: Time): Promise<void> {
  await withActors(1, AsyncActors, ([a]) => time({ name: '1:1 async-actor calls sync', work: () => get(a.smallValue.remote()) }))
  await withActors(1, AsyncActors, ([a]) =>
    time({ name: '1:1 async-actor calls async', calls: 1000, work: () => batch(1000, () => a.smallValue.remote()) }),
  )
  await withActors(1, AsyncActors, ([a]) =>
    time({ name: '1:1 async-actor calls with args async', calls: 1000, work: () => batch(1000, (i) => a.smallValueWithArg.remote(i)) }),
  )
  const n = 5000
  await withActors(HALF, AsyncActors, async (actors) => {
    const client = Clients.remote(actors)
    await time({ name: '1:n async-actor calls async', calls: n * HALF, work: () => get(client.smallValueBatch.remote(n)) })
    await kill(client)
  })
  await withActors(HALF, AsyncActors, (actors) =>
    time({ name: 'n:n async-actor calls async', calls: 4 * n, work: () => batch(4, () => callAll.remote(actors, n)) }),
  )
}

async function timeOurs(time: Time): Promise<void> {
  await time({ name: 'single client async-function tasks async', calls: 1000, work: () => batch(1000, () => smallAsync.remote()) })
}

/** Actors for one row, ended behind it. */
async function withActors<T>(
  n: number,
  type: { remote(): ActorHandle<T> },
  row: (actors: ActorHandle<T>[]) => Promise<void>,
): Promise<void> {
  const actors = Array.from({ length: n }, () => type.remote())
  await row(actors)
  for (const one of actors) await kill(one)
}
