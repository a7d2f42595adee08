import { makeVec, type VectorEnv, wrappers } from 'gymnura/envs'
import { type Check, decode, readTraces, same } from './read.js'
import { type Numbers, numbersOf, type Stack, stackText } from './wrapped.js'

interface VectorTrace {
  base: { id: string; kwargs?: Record<string, unknown> }
  mode: 'sync' | 'vector_entry_point'
  autoreset: 'next-step' | 'same-step'
  stack: Stack
  seed: string
  numEnvs: number
  observationSpace: string
  actionSpace: string
  singleObservationSpace: string
  singleActionSpace: string
  obs: Numbers
  action: Numbers
  reward: string
  flags: string
  episodes: Numbers
}

export function checks(folder: string): Check[] {
  const { vectors } = readTraces<{ vectors: VectorTrace[] }>(folder, 'wrapped-vectors')
  return vectors.map((trace) => ({
    title: `${trace.numEnvs} of ${trace.base.id} (${trace.mode}, ${trace.autoreset}) under ${stackText(trace.stack)} give Gymnasium's spaces and numbers`,
    run: () => replay(trace),
  }))
}

function build({ autoreset, base, mode, numEnvs, stack }: VectorTrace): VectorEnv<unknown> {
  const inner = makeVec<unknown>(base.id, { ...base.kwargs, numEnvs, vectorizationMode: mode, autoresetMode: autoreset })
  const classes = wrappers.vector as unknown as Record<string, new (envs: VectorEnv<unknown>, options: object) => VectorEnv<unknown>>
  return stack.reduce((envs, [name, options]) => new classes[name]!(envs, options), inner)
}

function replay(trace: VectorTrace): void {
  const envs = build(trace)
  for (const name of ['observationSpace', 'actionSpace', 'singleObservationSpace', 'singleActionSpace'] as const) {
    if (String(envs[name]) !== trace[name]) throw new Error(`${name} is ${envs[name]}, expected ${trace[name]}`)
  }
  const off = trace.base.id === 'Pendulum-v1' ? (a: number, b: number) => Math.abs(a - b) > 1e-6 * Math.max(1, Math.abs(b)) : undefined
  const [obs, actions] = [decode(trace.obs.data, trace.obs.dtype), decode(trace.action.data, trace.action.dtype)]
  const [rewards, flags] = [decode(trace.reward, 'f8'), decode(trace.flags, 'u1')]
  const episodes = decode(trace.episodes.data, trace.episodes.dtype)
  const { numEnvs } = trace
  let [at, actionAt, episodeAt] = [0, 0, 0]
  const see = (observations: unknown, what: string) => {
    const seen = numbersOf(envs.observationSpace, observations)
    same(seen, obs.subarray(at, at + seen.length), what, off)
    at += seen.length
  }
  const seed = BigInt(trace.seed)
  envs.actionSpace.seed(seed)
  see(envs.reset({ seed })[0], 'reset')
  for (let t = 0; t < flags.length / numEnvs; t++) {
    const sampled = envs.actionSpace.sample()
    const chosen = numbersOf(envs.actionSpace, sampled)
    same(chosen, actions.subarray(actionAt, actionAt + chosen.length), `sampled actions ${t}`)
    actionAt += chosen.length
    const [observations, reward, terminated, truncated, infos] = envs.step(sampled as ArrayLike<number>)
    see(observations, `observations ${t}`)
    const row = <T extends Float64Array | Uint8Array>(values: T) => values.subarray(t * numEnvs, (t + 1) * numEnvs)
    same(reward, row(rewards), `rewards ${t}`, off)
    same(
      terminated.map((flag, i) => flag + 2 * truncated[i]!),
      row(flags),
      `flags ${t}`,
    )
    const ended = infos._episode as Uint8Array | undefined
    if (!ended?.includes(1)) continue
    const { r, l } = infos.episode as { r: Float64Array; l: Float64Array }
    same([...r, ...l, ...ended], episodes.subarray(episodeAt, episodeAt + 3 * numEnvs), `episodes ended in ${t}`, off)
    episodeAt += 3 * numEnvs
  }
  if (at !== obs.length || episodeAt !== episodes.length) throw new Error('the trace goes on')
}
