import { type Env, make, type RGBFrame, spaces, wrappers } from 'gymnura/envs'
import { Pictures } from './pictures.js'
import { type Check, decode, type GeneratorState, readTraces, same, sameState } from './read.js'

export type Stack = [name: string, options: Record<string, unknown>][]
export interface Numbers {
  dtype: 'f4' | 'f8' | 'u1'
  data: string
}

interface SingleTrace {
  base: { id?: string; kwargs?: Record<string, unknown>; sides?: [number, number]; renders?: boolean }
  stack: Stack
  seed: string
  observationSpace: string
  actionSpace: string
  obs: Numbers
  action: Numbers
  reward: string
  flags: string
  frames: string
  random: GeneratorState
}

export function checks(folder: string): Check[] {
  const { single } = readTraces<{ single: SingleTrace[] }>(folder, 'wrapped')
  return single.map((trace) => ({
    title: `${trace.base.id ?? 'pictures'} under ${stackText(trace.stack)} from seed ${trace.seed} gives Gymnasium's spaces and numbers`,
    run: () => replay(trace),
  }))
}

export function stackText(stack: Stack): string {
  return stack.map(([name, options]) => `${name}(${JSON.stringify(options)})`).join(', ')
}

function build({ base, stack }: SingleTrace): Env {
  const inner = base.id ? make(base.id, base.kwargs) : (new Pictures(...base.sides!) as unknown as Env)
  const classes = wrappers as unknown as Record<string, new (env: Env, options: object) => Env>
  return stack.reduce((env, [name, options]) => new classes[name]!(env, options), inner)
}

/** All numbers of an element, in the order of its space. */
export function numbersOf(space: spaces.Space, element: unknown): number[] {
  if (space instanceof spaces.Dict)
    return space.entries().flatMap(([key, part]) => numbersOf(part, (element as Record<string, unknown>)[key]))
  if (space instanceof spaces.Tuple)
    return space.spaces.flatMap((part: spaces.Space, i: number) => numbersOf(part, (element as unknown[])[i]))
  return typeof element === 'number' ? [element] : Array.from(element as ArrayLike<number>)
}

function replay(trace: SingleTrace): void {
  const env = build(trace)
  const printed = [String(env.observationSpace), String(env.actionSpace)]
  const expected = [trace.observationSpace, trace.actionSpace]
  if (printed.join() !== expected.join()) throw new Error(`spaces are ${printed}, expected ${expected}`)
  const [obs, actions] = [decode(trace.obs.data, trace.obs.dtype), decode(trace.action.data, trace.action.dtype)]
  // Sines of NumPy's C library are not always those of V8, which Pendulum's numbers feel in their last digits.
  const off = trace.base.id === 'Pendulum-v1' ? (a: number, b: number) => Math.abs(a - b) > 1e-6 * Math.max(1, Math.abs(b)) : undefined
  const [rewards, flags, frames] = [decode(trace.reward, 'f8'), decode(trace.flags, 'u1'), decode(trace.frames, 'u1')]
  let [at, actionAt, frameAt] = [0, 0, 0]
  const see = (observation: unknown, what: string) => {
    if (!env.observationSpace.contains(observation)) throw new Error(`${what}: the observation is not in ${env.observationSpace}`)
    const seen = numbersOf(env.observationSpace, observation)
    same(seen, obs.subarray(at, at + seen.length), what, off)
    at += seen.length
  }
  const seed = BigInt(trace.seed)
  env.actionSpace.seed(seed)
  see(env.reset({ seed })[0], 'reset')
  for (const [t, expectedFlags] of flags.entries()) {
    const action = env.actionSpace.sample()
    const chosen = numbersOf(env.actionSpace, action)
    same(chosen, actions.subarray(actionAt, actionAt + chosen.length), `sampled action ${t}`)
    actionAt += chosen.length
    const [observation, reward, terminated, truncated] = env.step(action)
    see(observation, `observation ${t}`)
    same([reward, 2 * Number(truncated) + Number(terminated)], [rewards[t]!, expectedFlags], `reward and flags ${t}`, off)
    if (trace.base.renders) {
      const { data } = env.render() as RGBFrame
      same(data, frames.subarray(frameAt, frameAt + data.length), `frame ${t}`)
      frameAt += data.length
    }
    if (terminated || truncated) see(env.reset()[0], `reset after ${t}`)
  }
  if (at !== obs.length || frameAt !== frames.length) throw new Error('the trace goes on')
  sameState(env.unwrapped.npRandom, trace.random, 'the end')
}
