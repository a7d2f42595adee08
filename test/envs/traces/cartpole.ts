import { make, setWarningHandler, spec } from 'gymnura/envs'
import { apart, type Check, decode, type GeneratorState, readTraces, same, sameState } from './read.js'

export function checks(folder: string, live: boolean): Check[] {
  const { episodes } = readTraces<{ episodes: EpisodeTrace[] }>(folder, 'cartpole')
  let unequal = 0
  let steps = 0
  const list: Check[] = episodes.map((trace) => ({
    title: `${trace.id} from seed ${trace.seed} runs on its own and stays equal to Gymnasium to the last bit (${JSON.stringify({ ...trace.kwargs, ...trace.options })})`,
    run: () => {
      unequal += replayEpisodes(trace, live)
      steps += decode(trace.action, 'u1').length
    },
  }))
  if (!live) return list
  const title = 'at most 1 in 1,000 CartPole steps differs in the last bits of a double, by a sine that the C library rounds the other way'
  const run = () => {
    if (unequal > steps / 1000) throw new Error(`${unequal} of ${steps}`)
  }
  return [...list, { title, run }]
}

interface EpisodeTrace {
  id: string
  seed: string
  beyond: boolean
  options: Record<string, number> | null
  kwargs: Record<string, unknown>
  obs: string
  state: string
  reward: string
  terminated: string
  truncated: string
  action: string
  random: GeneratorState
}

/**
 * How far a state may be off in a trace of the day. NumPy takes its sines from the platform's C library, which rounds a few in ten
 * thousand wrongly, and an unbalanced pole doubles any difference every nine steps. So after such a sine the state may differ in its
 * last bits; it is counted and set to Gymnasium's, and the run goes on. The golden files have no such step and are compared exactly.
 */
const STATE_TOLERANCE = 4 * Number.EPSILON

/**
 * Lets an environment run beside a trace: states, observations and rewards must be equal to the bit.
 *
 * @param follow whether a state may be off in its last bits, and is then set to the trace's
 * @returns how many were
 */
function replayEpisodes(trace: EpisodeTrace, follow = false): number {
  const previous = setWarningHandler(() => {}) // Stepping past the end is what some traces are about.
  try {
    return replay(trace, follow)
  } finally {
    setWarningHandler(previous)
  }
}

function replay(trace: EpisodeTrace, follow: boolean): number {
  const what = `${trace.id} seed ${trace.seed} ${JSON.stringify(trace.options)}`
  const env = make<Float32Array, number>(spec(trace.id).with({ orderEnforce: false }), trace.kwargs)
  const [obs, state, reward] = [decode(trace.obs, 'f4'), decode(trace.state, 'f8'), decode(trace.reward, 'f8')]
  const [terminated, truncated, actions] = [decode(trace.terminated, 'u1'), decode(trace.truncated, 'u1'), decode(trace.action, 'u1')]
  let row = 0
  let unequal = 0
  const check = (observation: Float32Array) => {
    const inner = (env.unwrapped as unknown as { state: Float64Array }).state
    const expected = state.subarray(4 * row, 4 * row + 4)
    const off = follow ? (a: number, b: number) => Math.abs(a - b) > STATE_TOLERANCE * Math.max(1, Math.abs(b)) : undefined
    same(inner, expected, `${what}, state ${row}`, off)
    same(observation, obs.subarray(4 * row, 4 * row + 4), `${what}, observation ${row}`, apart(follow ? 1 : 0))
    if (inner.some((value, i) => value !== expected[i])) {
      unequal++
      inner.set(expected)
    }
    row++
  }
  check(env.reset({ seed: BigInt(trace.seed), options: trace.options ?? undefined })[0])
  for (const [i, action] of actions.entries()) {
    const result = env.step(action)
    check(result[0])
    const seen = [result[1], Number(result[2]), Number(result[3])]
    same(seen, [reward[i]!, terminated[i]!, truncated[i]!], `${what}, step ${i} reward, terminated, truncated`)
    if ((result[2] || result[3]) && !trace.beyond) check(env.reset()[0])
  }
  if (row * 4 !== state.length) throw new Error(`${what}: ${row} states, expected ${state.length / 4}`)
  sameState(env.npRandom, trace.random, what)
  return unequal
}
