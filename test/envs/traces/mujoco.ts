import { createHash } from 'node:crypto'
import { type Info, type MujocoEnv, make } from 'gymnura/envs'
import { mujoco } from '../../../envs/mujoco/load.js'
import { type Check, type Checks, decode, type GeneratorState, readTraces, same, sameState } from './read.js'

interface ModelTrace {
  env: string
  bytes: number
  sha256: string
}

type FlatInfo = [name: string, values: string][]

interface EpisodeTrace {
  id: string
  seed: string
  kwargs: Record<string, unknown>
  obs: string
  info: FlatInfo
  /** Positions and velocities after reset. */
  start: string
  steps: { before: string; obs: string; reward: string; ended: [boolean, boolean]; info: FlatInfo }[]
  /** Positions and velocities after every tenth step. */
  free: string[]
  /** Of a drawn seed: how far, at most until then, Gymnasium strayed from itself when it started 1e-11 beside. */
  strayed?: number[]
  /** The step that ended the episode. */
  ended: number | null
  action: string
  random: GeneratorState
}

/** One step from the same state, WebAssembly against native code; and fifty, left alone. */
const ONE_STEP = 1e-10
const FREE = 1e-6

const beyond = (tolerance: number) => (a: number, b: number) => !(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)))

export const checks: Checks = (folder) => {
  const { models, episodes } = readTraces<{ models: ModelTrace[]; episodes: EpisodeTrace[] }>(folder, 'mujoco')
  return [
    ...models.map(
      (trace): Check => ({
        title: `${trace.env}'s compiled model equals that of Gymnasium's asset byte for byte`,
        run: () => compareModel(trace),
      }),
    ),
    ...episodes.flatMap((trace): Check[] => {
      const name = `${trace.id} from seed ${trace.seed}${Object.keys(trace.kwargs).length > 0 ? ' with every option changed' : ''}`
      return [
        { title: `${name} starts to the bit as Gymnasium does, and gives its numbers step by step`, run: () => follow(trace) },
        {
          title: `${name}, left to run, stays within 1e-6 of Gymnasium over ${trace.free.length * 10} steps, or nearer than Gymnasium to itself from 1e-11 beside`,
          run: () => runFree(trace),
        },
      ]
    }),
  ]
}

/** The model in MuJoCo's binary format: all sizes, options and arrays, those of booleans too, which the bindings do not give. */
function compareModel({ env, bytes, sha256 }: ModelTrace): void {
  const one = make(`${env}-v5`)
  const { model } = (one.unwrapped as unknown as MujocoEnv).simulation
  const engine = mujoco()
  const buffer = new engine.Uint8Buffer(Number(engine.mj_sizeModel(model)))
  engine.mj_saveModel(model, null, buffer)
  const binary = buffer.GetView() as Uint8Array
  if (binary.length !== bytes) throw new Error(`${env}: the model has ${binary.length} bytes, expected ${bytes}`)
  const hash = createHash('sha256').update(binary).digest('hex')
  buffer.delete()
  one.close()
  if (hash !== sha256) throw new Error(`${env}: the model has other values`)
}

function begin(trace: EpisodeTrace) {
  const env = make(trace.id as 'Hopper-v5', trace.kwargs)
  env.actionSpace.seed(BigInt(trace.seed))
  const [obs, info] = env.reset({ seed: BigInt(trace.seed) })
  const { simulation } = env.unwrapped as unknown as MujocoEnv
  const state = () => Float64Array.of(...simulation.arrays.qpos, ...simulation.arrays.qvel)
  const actions = decode(trace.action, 'f4')
  const size = simulation.arrays.ctrl.length
  const action = (i: number) => {
    const sample = env.actionSpace.sample()
    const expected = actions.subarray(size * i, size * (i + 1))
    same(sample, expected, `${trace.id} action ${i}`)
    return sample
  }
  return { env, obs, info, simulation, state, action, count: actions.length / size }
}

function sameInfo(info: Info, expected: FlatInfo, what: string): void {
  const names = expected.map(([name]) => name)
  if (Object.keys(info).sort().join() !== names.toSorted().join())
    throw new Error(`${what}: info has ${Object.keys(info)}, expected ${names}`)
  for (const [name, values] of expected) {
    const value = info[name]
    same(typeof value === 'number' ? [value] : (value as Float64Array), decode(values, 'f8'), `${what}, info ${name}`, beyond(ONE_STEP))
  }
}

/** Before each step the state is set to Gymnasium's. */
function follow(trace: EpisodeTrace): void {
  const { env, obs, info, simulation, state, action } = begin(trace)
  same(state(), decode(trace.start, 'f8'), `${trace.id} start`)
  same(obs, decode(trace.obs, 'f8'), `${trace.id} first observation`, beyond(ONE_STEP))
  sameInfo(info, trace.info, `${trace.id} reset`)
  sameState(env.npRandom, trace.random, trace.id)
  for (const [i, step] of trace.steps.entries()) {
    const what = `${trace.id} seed ${trace.seed} step ${i}`
    const { qpos, qvel } = simulation.arrays
    const before = decode(step.before, 'f8')
    qpos.set(before.subarray(0, qpos.length))
    qvel.set(before.subarray(qpos.length, qpos.length + qvel.length))
    ;(simulation.data.qacc_warmstart as Float64Array).set(before.subarray(qpos.length + qvel.length))
    const [next, reward, terminated, truncated, more] = env.step(action(i))
    same(next, decode(step.obs, 'f8'), `${what} observation`, beyond(ONE_STEP))
    same([reward], decode(step.reward, 'f8'), `${what} reward`, beyond(ONE_STEP))
    sameInfo(more, step.info, what)
    if (terminated !== step.ended[0] || truncated !== step.ended[1]) throw new Error(`${what}: ended ${terminated}, ${truncated}`)
  }
  env.close()
}

function runFree(trace: EpisodeTrace): void {
  const { env, state, action, count } = begin(trace)
  let ended: number | null = null
  for (let i = 0; i < count; i++) {
    const result = env.step(action(i))
    if ((i + 1) % 10 === 0) {
      const expected = decode(trace.free[(i + 1) / 10 - 1]!, 'f8')
      // Of a state that has errors everywhere, the size counts, not that of each coordinate.
      const size = Math.max(1, ...expected.map(Math.abs))
      const allowed = Math.max(FREE * size, trace.strayed?.[(i + 1) / 10 - 1] ?? 0)
      same(state(), expected, `${trace.id} after ${i + 1} steps`, (a, b) => !(Math.abs(a - b) <= allowed))
    }
    if (result[2] || result[3]) {
      ended = i + 1
      break
    }
  }
  if (ended !== trace.ended) throw new Error(`${trace.id}: ended at step ${ended}, expected ${trace.ended}`)
  env.close()
}
