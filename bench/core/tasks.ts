import { actor, get, init, type ObjectRef, remote, shutdown } from '../../core/index.js'

const WARM_UP_MS = 500
const WINDOW_MS = 1000
const WINDOWS = 3
const IN_FLIGHT = 1000

/** Calls a second: after a warm-up, the mean and spread over some windows. */
async function rate(name: string, callsARound: number, round: () => Promise<unknown>): Promise<void> {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) await round()
  const rates: number[] = []
  for (let window = 0; window < WINDOWS; window++) {
    const start = performance.now()
    let calls = 0
    do {
      await round()
      calls += callsARound
    } while (performance.now() - start < WINDOW_MS)
    rates.push((calls / (performance.now() - start)) * 1000)
  }
  const mean = rates.reduce((sum, one) => sum + one, 0) / WINDOWS
  const deviation = Math.sqrt(rates.reduce((sum, one) => sum + (one - mean) ** 2, 0) / WINDOWS)
  console.log(`${name.padEnd(32)} ${Math.round(mean).toLocaleString('en').padStart(10)} ± ${Math.round(deviation).toLocaleString('en')} /s`)
}

function batch(submit: () => ObjectRef): Promise<unknown> {
  const refs: ObjectRef[] = []
  for (let i = 0; i < IN_FLIGHT; i++) refs.push(submit())
  return get(refs)
}

class Nothing {
  call() {
    return 'ok'
  }
  async wait() {
    return 'ok'
  }
}

/** The work of Ray's microbenchmark for tasks and actor calls: a no-op that returns a few bytes, one at a time or 1,000 in flight. */
export async function run(): Promise<void> {
  const start = performance.now()
  await init({ numCpus: 2 })
  console.log(`init({ numCpus: 2 })             ${(performance.now() - start).toFixed(0).padStart(10)} ms`)
  const nothing = remote(() => 'ok')
  const nothingAsync = remote(async () => 'ok')
  await rate('tasks sync', 1, () => get(nothing.remote()))
  await rate('tasks async', IN_FLIGHT, () => batch(() => nothing.remote()))
  await rate('tasks async, async functions', IN_FLIGHT, () => batch(() => nothingAsync.remote()))
  const one = actor(Nothing).remote()
  await rate('1:1 actor calls sync', 1, () => get(one.call.remote()))
  await rate('1:1 actor calls async', IN_FLIGHT, () => batch(() => one.call.remote()))
  await rate('1:1 async-actor calls async', IN_FLIGHT, () => batch(() => one.wait.remote()))
  await shutdown()
}
