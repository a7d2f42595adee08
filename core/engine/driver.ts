import { availableParallelism } from 'node:os'
import { invalid, WorkerCrashedError } from '../api/errors.js'
import type { InitOptions } from '../api/options.js'
import { Directory } from '../control/directory.js'
import { Head } from '../control/head.js'
import { defaultStoreBytes } from '../store/default-limit.js'
import { ObjectStore, type ObjectStoreSetup } from '../store/object-store.js'
import { newSpillFolder } from '../store/spill-folder.js'
import { StoreUsage } from '../store/usage.js'
import { Bell } from '../worker/bell.js'
import { onDriver } from '../worker/context.js'
import { DriverRest } from './driver-rest.js'
import { LocalEngine } from './local.js'

/** Ids are the thread's and not the engine's, so that refs and handles of a runtime that was shut down never name newer ones. */
let nextId = 1

/** The main thread's engine, and the part of the runtime that only the main thread has. */
export function startDriver(options: InitOptions): LocalEngine {
  const mint = () => nextId++
  const setup: ObjectStoreSetup = {
    limitBytes: options.objectStoreBytes ?? defaultStoreBytes(),
    spillDir: newSpillFolder(),
    usage: new StoreUsage(),
    // Not at once: this is in the middle of a value's storing.
    pressed: () => queueMicrotask(() => head.relieve()),
    swept: () => queueMicrotask(() => head.collect()),
  }
  const head: Head = new Head(options, options.numCpus ?? availableParallelism(), mint, setup)
  const poolWords = new Int32Array(head.pool)
  const rest = new DriverRest(new Bell(head.bell, poolWords))
  let directory!: Directory
  const engine = new LocalEngine({
    index: 0,
    history: undefined,
    store: new ObjectStore(setup),
    poolWords,
    headquarters: head,
    mint,
    namespace: head.namespace,
    book: (caller) => {
      directory = new Directory(
        caller,
        () => head.readReports(),
        (id) => head.actors.outOfScope(id),
      )
      return directory
    },
    rest: (pump) => rest.rest(pump),
    wake: () => rest.wake(),
    current: () => undefined,
    context: () => onDriver,
    waiting: () => {},
    // They were connected when they were started.
    connectPool: () => {},
    entrusts: false,
    isApart: (thread) => head.hosts.get(thread)?.apart ?? false,
    output: (link, kind, text, taskId) => head.workers.wrote(link.index, link.name, kind, text, taskId),
    placementGroups: {
      create: (bundles, strategy, name) => {
        const id = mint()
        head.createGroup(id, bundles, strategy, name)
        return id
      },
      ready: async (id) => {
        const waiter = engine.hold()
        try {
          await head.groupReady(id)
        } finally {
          engine.release(waiter)
        }
      },
      remove: async (id) => head.removeGroup(id),
    },
    resources: async () => head.resources(),
    state: head.survey,
    ready: async () => {
      const waiter = engine.hold()
      try {
        const started = await Promise.all(head.threads.hosts.map((host) => host.started))
        if (started.includes(false)) throw new WorkerCrashedError('init: a worker thread died before it took a task')
      } finally {
        engine.release(waiter)
      }
    },
    shutdown: async () => {
      process.off('exit', lastWords)
      rest.close()
      await head.shutdown()
    },
    exitActor: () => {
      throw invalid('exitActor: called outside an actor; it ends the actor whose method calls it')
    },
  })
  /** A program that ends by itself reads no more: what its workers have written is shown now. */
  const lastWords = (): void => {
    engine.pump.drainAll()
    head.workers.closed()
  }
  process.on('exit', lastWords)
  head.start(engine, directory)
  return engine
}
