/** Actors: order, concurrency, restarts, names, lives and deaths. The twins of test/golden/core/actors.py. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ActorHandle,
  actor,
  cancel,
  exitActor,
  get,
  getActor,
  kill,
  remote,
  resources,
  runtimeContext,
  state,
  wait,
} from '../../../core/index.js'
import { after, type Behaviours, linesOf, note, outcome, outcomeOf, type Signal, Signals, scratch, until, waitFor } from './behaviour.js'
import { collected } from './collected.js'

const module = import.meta.url

export class Counter {
  private readonly seen: string[] = []
  constructor(private n = 0) {}
  add(k = 1): number {
    this.n += k
    return this.n
  }
  record(value: string): void {
    this.seen.push(value)
  }
  recorded(): string[] {
    return this.seen
  }
  boom(): never {
    throw new RangeError('boom')
  }
  die(path?: string, times = Infinity): string {
    if (path === undefined || note(path) <= times) process.exit(1)
    return 'survived'
  }
  leave(): void {
    exitActor()
  }
}

export class Broken {
  constructor() {
    throw new RangeError('not made')
  }
  hello(): number {
    return 1
  }
}

export class Thrower {
  throw(path: string): void {
    note(path)
    throw new RangeError('again')
  }
}

export class Meeting {
  private open_!: () => void
  private readonly opened = new Promise<void>((resolve) => {
    this.open_ = resolve
  })
  private entered = false
  async wait(): Promise<string> {
    this.entered = true
    await this.opened
    return 'opened'
  }
  async quick(): Promise<string> {
    return 'quick'
  }
  async hasEntered(): Promise<boolean> {
    return this.entered
  }
  async open(): Promise<void> {
    this.open_()
  }
}

export class Crowd {
  private inside = 0
  private most = 0
  async enter(): Promise<void> {
    this.most = Math.max(this.most, ++this.inside)
    await sleep(50)
    this.inside--
  }
  async peak(): Promise<number> {
    return this.most
  }
}

export class Threaded {
  private inside = 0
  private most = 0
  enter(): void {
    this.most = Math.max(this.most, ++this.inside)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    this.inside--
  }
  peak(): number {
    return this.most
  }
}

export class Many {
  pair(): number[] {
    return [1, 2]
  }
  *count(n: number): Generator<number> {
    for (let i = 0; i < n; i++) yield i
  }
}

export class Slow {
  private readonly ran: string[] = []
  async wait(signal: Signal): Promise<void> {
    await waitFor(signal)
  }
  run(name: string): void {
    this.ran.push(name)
  }
}

export class Sleeper {
  async sleep(): Promise<void> {
    await sleep(60_000, undefined, { signal: runtimeContext().signal })
  }
  async hello(): Promise<string> {
    return 'awake'
  }
}

export async function addThree(counter: ActorHandle<Counter>): Promise<number[]> {
  return get([1, 2, 3].map(() => counter.add.remote()))
}

const Counters = actor(Counter, { module })
const Groups = actor(Meeting, { module, concurrencyGroups: { io: { maxConcurrency: 1, methods: ['wait', 'quick'] } } })
const isGone = async (name: string): Promise<boolean> => (await outcome(async () => Boolean(await getActor(name)))) === 'refused'
const freeCpus = async () => (await resources()).available.numCpus

/** Makes handles that nothing holds when it has returned. */
async function brief(): Promise<number> {
  const anonymous = Counters.remote()
  const named = Counters.options({ name: 'brief' }).remote()
  const detached = Counters.options({ name: 'lasting', lifetime: 'detached' }).remote()
  await get([anonymous.add.remote(), named.add.remote(), detached.add.remote()])
  return anonymous.actorId
}

export const actors: Behaviours = {
  'calls of one caller run in the order in which they were made': async () => {
    const counter = Counters.remote()
    const values = await get(Array.from({ length: 100 }, () => counter.add.remote()))
    return values.every((value, i) => value === i + 1)
  },
  'a call whose argument is still to come holds up those behind it': async () => {
    const [counter, signal] = [Counters.remote(), Signals.remote()]
    counter.record.remote(after.remote(signal, 'first') as never)
    const second = counter.record.remote('second')
    const early = (await wait([second], { timeoutMs: 700 }))[0].length > 0
    await get(signal.open.remote())
    return [early, await get(counter.recorded.remote())]
  },
  'a method that throws fails its call, and the actor lives on with its state': async () => {
    const counter = Counters.remote(5)
    return [await outcomeOf(counter.boom.remote()), await outcomeOf(counter.add.remote())]
  },
  'an actor whose constructor throws is dead, and its calls say why': async () => {
    const ref = actor(Broken, { module }).remote().hello.remote()
    const answer = await outcomeOf(ref)
    const text = await get(ref).then(
      () => '',
      (error: Error) => error.message,
    )
    return [answer, text.includes('not made')]
  },
  'an actor that died is not started again unless it is told': async () => {
    const counter = Counters.remote()
    return [await outcomeOf(counter.die.remote()), await outcomeOf(counter.add.remote())]
  },
  'max_restarts starts an actor again so many times, with fresh state; the call under way fails': async () => {
    const counter = Counters.options({ maxRestarts: 1 }).remote(10)
    await get(counter.add.remote())
    const first = await outcomeOf(counter.die.remote())
    const fresh = await until(async () => (await outcomeOf(counter.add.remote())) === 11)
    const second = await outcomeOf(counter.die.remote())
    return [first, fresh, second, await until(async () => (await outcomeOf(counter.add.remote())) === 'actor died')]
  },
  'max_task_retries makes a call again on the restarted actor, so many times': async () => {
    const answers = []
    for (const maxTaskRetries of [1, 3]) {
      const path = scratch(`task_retries-${maxTaskRetries}`)
      const counter = Counters.options({ maxRestarts: -1, maxTaskRetries }).remote()
      answers.push([await outcomeOf(counter.die.remote(path, 2), 60_000), linesOf(path)])
    }
    return answers
  },
  'max_task_retries of -1 makes a call again until it ends': async () => {
    const path = scratch('task_retries_always')
    const counter = Counters.options({ maxRestarts: -1, maxTaskRetries: -1 }).remote()
    return [await outcomeOf(counter.die.remote(path, 3), 60_000), linesOf(path)]
  },
  'a method that throws is made again only with retry_exceptions, as often as max_task_retries says': async () => {
    const thrower = actor(Thrower, { module, maxTaskRetries: 2 }).remote()
    const answers = []
    for (const retryExceptions of [false, true]) {
      const path = scratch(`method_retries-${retryExceptions}`)
      answers.push([await outcomeOf(thrower.throw.options({ retryExceptions }).remote(path)), linesOf(path)])
    }
    return answers
  },
  'kill ends an actor for good, whatever its max_restarts': async () => {
    const counter = Counters.options({ maxRestarts: 5 }).remote()
    await get(counter.add.remote())
    await kill(counter)
    return (await outcomeOf(counter.add.remote())) === 'actor died'
  },
  'kill with no_restart false lets it be started again': async () => {
    const counter = Counters.options({ maxRestarts: 1 }).remote()
    await get([1, 2, 3].map(() => counter.add.remote()))
    await kill(counter, { noRestart: false })
    return until(async () => (await outcomeOf(counter.add.remote())) === 1)
  },
  'kill of a dead actor changes nothing, and what is no handle is refused': async () => {
    const counter = Counters.remote()
    await kill(counter)
    await kill(counter)
    return [(await outcomeOf(counter.add.remote())) === 'actor died', await outcome(() => kill(5 as never))]
  },
  'exit_actor ends the actor, also one that may be restarted; its call fails': async () => {
    const counter = Counters.options({ maxRestarts: 5 }).remote()
    const answers = [await outcomeOf(counter.leave.remote())]
    await until(async () => (await outcomeOf(counter.add.remote())) === 'actor died', 5)
    return [...answers, await outcomeOf(counter.add.remote())]
  },
  'an async actor goes on with other calls while one awaits': async () => {
    const meeting = actor(Meeting, { module }).remote()
    const waiting = meeting.wait.remote()
    await get(meeting.open.remote(), { timeoutMs: 20_000 })
    return outcomeOf(waiting)
  },
  'max_concurrency limits how many calls of an async actor are open; by default there may be many': async () => {
    const answers = []
    for (const options of [{ maxConcurrency: 1 }, { maxConcurrency: 3 }, {}]) {
      const crowd = actor(Crowd, { module, ...options }).remote()
      await get(Array.from({ length: 20 }, () => crowd.enter.remote()))
      answers.push(Math.min(await get(crowd.peak.remote()), 4))
    }
    return answers
  },
  'sync methods of an actor with max_concurrency above 1 overlap': async () => {
    const threaded = actor(Threaded, { module, maxConcurrency: 2 }).remote()
    await get([1, 2, 3, 4].map(() => threaded.enter.remote()))
    return get(threaded.peak.remote())
  },
  'a full concurrency group does not hold up the others': async () => {
    const grouped = Groups.remote()
    const waiting = grouped.wait.remote()
    await until(() => get(grouped.hasEntered.remote()))
    const behind = grouped.quick.remote()
    const heldUp = (await wait([behind], { timeoutMs: 700 }))[0].length === 0
    await get(grouped.open.remote(), { timeoutMs: 20_000 })
    return [heldUp, await outcomeOf(waiting), await outcomeOf(behind)]
  },
  'a named actor is found by its name, which is free again after its death': async () => {
    const named = Counters.options({ name: 'ada' })
    const counter = named.remote(3)
    const answers = [await outcomeOf((await getActor<Counter>('ada')).add.remote()), await outcome(() => Boolean(named.remote()))]
    await kill(counter)
    answers.push(await until(() => isGone('ada')))
    return [...answers, await outcomeOf(named.remote(7).add.remote())]
  },
  'get_actor refuses names that nobody has, and what is no name': async () => [
    await outcome(() => getActor('nobody')),
    await outcome(() => getActor('')),
    await outcome(() => getActor(5 as never)),
  ],
  'names are of a namespace': async () => {
    const away = Counters.options({ name: 'nomad', namespace: 'away', lifetime: 'detached' }).remote(1)
    await get(away.add.remote())
    const answers = [
      await outcome(async () => Boolean(await getActor('nomad'))),
      await outcomeOf((await getActor<Counter>('nomad', { namespace: 'away' })).add.remote()),
    ]
    await kill(away)
    return answers
  },
  'get_if_exists gives the living actor of that name, or makes it': async () => {
    const one = Counters.options({ name: 'one', getIfExists: true })
    const first = one.remote()
    await get(first.add.remote())
    const second = one.remote()
    return [await get(second.add.remote()), await outcome(() => Boolean(Counters.options({ getIfExists: true }).remote()))]
  },
  'an actor ends with its last handle, also one with a name; a detached one stays': async () => {
    const anonymous = await brief()
    const dead = async () => {
      collected()
      return (await state.getActor(anonymous))?.state === 'DEAD'
    }
    const answers = [
      await until(dead),
      await until(() => {
        collected()
        return isGone('brief')
      }),
      await outcomeOf((await getActor<Counter>('lasting')).add.remote()),
    ]
    await kill(await getActor('lasting'))
    return answers
  },
  'a handle can be passed to tasks, and keeps the actor alive there': async () => {
    const use = remote(addThree, { module })
    return [await outcomeOf(use.remote(Counters.remote(10))), await outcomeOf(use.remote(Counters.remote()))]
  },
  'a method with num_returns gives so many refs, and a generator method a stream': async () => {
    const many = actor(Many, { module }).remote()
    const pair = await get(many.pair.options({ numReturns: 2 }).remote())
    const counted = []
    for await (const ref of many.count.options({ numReturns: 'streaming' }).remote(3)) counted.push(await get(ref))
    return [pair, counted]
  },
  "cancel takes a call out that waits in an actor's queue, and refuses force": async () => {
    const [slow, signal] = [actor(Slow, { module, maxConcurrency: 1 }).remote(), Signals.remote()]
    slow.wait.remote(signal)
    const [queued, forced] = [slow.run.remote('queued'), slow.run.remote('forced')]
    await sleep(500)
    await cancel(queued)
    const refused = await outcome(() => cancel(forced, { force: true }))
    await get(signal.open.remote())
    return [await outcomeOf(queued), refused ?? null]
  },
  'cancel stops an async method that awaits': async () => {
    const sleeper = actor(Sleeper, { module }).remote()
    const ref = sleeper.sleep.remote()
    await get(sleeper.hello.remote())
    await cancel(ref)
    return [await outcomeOf(ref), await outcomeOf(sleeper.hello.remote())]
  },
  'actors take no CPU while they run, unless they ask for some': async () => {
    await until(async () => (await freeCpus()) === 2)
    const idle = [Counters.remote(), Counters.remote(), Counters.remote()]
    await get(idle.map((one) => one.add.remote()))
    const free = await until(async () => (await freeCpus()) === 2)
    const greedy = Counters.options({ numCpus: 1 }).remote()
    await get(greedy.add.remote())
    const taken = await until(async () => (await freeCpus()) === 1)
    await kill(greedy)
    return [free, taken, await until(async () => (await freeCpus()) === 2)]
  },
  'bad options of an actor are refused': async () => {
    const given: readonly [string, unknown][] = [
      ['maxRestart', 1],
      ['maxRestarts', -2],
      ['maxTaskRetries', -2],
      ['maxConcurrency', 0],
      ['maxConcurrency', 'many'],
      ['lifetime', 'forever'],
      ['name', ''],
      ['name', 5],
      ['namespace', ''],
      ['numCpus', -1],
      ['getIfExists', true],
    ]
    const answers = []
    for (const [name, value] of given) answers.push(await outcome(() => Boolean(Counters.options({ [name]: value }).remote())))
    return answers
  },
}
