import { make, makeVec, spaces, spec, type VectorEnv } from 'gymnura/envs'
import { RandomState } from '../../../envs/random/random-state.js'
import { type Check, decode, readTraces, same } from './read.js'

export function checks(folder: string): Check[] {
  const { legacy, episodes, vectors, pictures } = readTraces<Traces>(folder, 'minatar')
  return [
    ...legacy.map((trace) => ({ title: `RandomState(${trace.seed}) draws NumPy's numbers`, run: () => replayLegacy(trace) })),
    ...episodes.map((trace) => ({
      title: `${trace.id} from seed ${trace.seed} under ${trace.policy} actions runs on its own and stays equal to MinAtar (${JSON.stringify(trace.kwargs)})`,
      run: () => replayEpisode(trace),
    })),
    ...vectors.flatMap((trace) =>
      (['sync', 'native'] as const).map((mode) => ({
        title: `${trace.id}, ${trace.numEnvs} of them, ${mode} with ${trace.autoreset} from seed ${trace.seed} follow Gymnasium${trace.maxEpisodeSteps ? `, limit ${trace.maxEpisodeSteps}` : ''}`,
        run: () => replayVector(trace, mode),
      })),
    ),
    ...pictures.map((trace) => ({ title: `${trace.id} is painted in the colours of the package`, run: () => comparePicture(trace) })),
  ]
}

interface Traces {
  legacy: { seed: number; ranges: [number, number][]; values: string }[]
  episodes: EpisodeTrace[]
  vectors: VectorTrace[]
  pictures: { id: string; seed: number; pixels: string }[]
}

interface EpisodeTrace {
  id: string
  seed: number
  policy: string
  kwargs: Record<string, unknown>
  obs: string
  reward: string
  terminated: string
  action: string
}

interface VectorTrace {
  id: string
  autoreset: 'next-step' | 'same-step' | 'disabled'
  seed: number
  numEnvs: number
  maxEpisodeSteps: number | null
  obs: string
  finals: number
  final: string
  reward: string
  terminated: string
  truncated: string
  action: string
}

function replayLegacy({ seed, ranges, values }: Traces['legacy'][number]): void {
  const draws = new RandomState(seed)
  const times = (count: number, draw: () => number) => Array.from({ length: count }, draw)
  const drawn = [
    ...times(700, () => draws.random()),
    ...ranges.flatMap(([low, high]) => times(20, () => draws.randint(low, high))),
    ...times(5, () => draws.random()),
  ]
  same(drawn, decode(values, 'f8'), `RandomState(${seed})`)
}

/** Boards were packed eight cells a byte, the first in the highest bit. */
function boards(packed: string): (size: number) => Uint8Array {
  const bytes = decode(packed, 'u1')
  let at = 0
  return (size) => Uint8Array.from({ length: size }, () => (bytes[at >> 3]! >> (7 - (at++ & 7))) & 1)
}

function replayEpisode(trace: EpisodeTrace): void {
  const env = make<Uint8Array, number>(trace.id, trace.kwargs)
  const size = spaces.flatdim(env.observationSpace)
  const next = boards(trace.obs)
  const [reward, terminated, actions] = [decode(trace.reward, 'u1'), decode(trace.terminated, 'u1'), decode(trace.action, 'u1')]
  same(env.reset({ seed: trace.seed })[0], next(size), 'first observation')
  for (const [t, action] of actions.entries()) {
    const result = env.step(action)
    same(result[0], next(size), `observation ${t}`)
    same([result[1], Number(result[2])], [reward[t]!, terminated[t]!], `step ${t} reward, terminated`)
    if (result[2]) same(env.reset()[0], next(size), `first observation after step ${t}`)
  }
}

function replayVector(trace: VectorTrace, mode: 'sync' | 'native'): void {
  const { autoreset, numEnvs, maxEpisodeSteps } = trace
  const limit = maxEpisodeSteps === null ? {} : { maxEpisodeSteps }
  const envs: VectorEnv<Uint8Array> = makeVec<Uint8Array>(trace.id, {
    numEnvs,
    vectorizationMode: mode,
    autoresetMode: autoreset,
    ...limit,
  })
  const one = spaces.flatdim(envs.singleObservationSpace)
  const [next, final] = [boards(trace.obs), boards(trace.final)]
  const rows = (values: Uint8Array, t: number) => values.subarray(numEnvs * t, numEnvs * (t + 1))
  const [actions, allRewards] = [decode(trace.action, 'u1'), decode(trace.reward, 'u1')]
  const [allTerminated, allTruncated] = [decode(trace.terminated, 'u1'), decode(trace.truncated, 'u1')]
  envs.actionSpace.seed(trace.seed)
  same(envs.reset({ seed: trace.seed })[0], next(numEnvs * one), 'first observations')
  let finals = 0
  for (let t = 0; t * numEnvs < actions.length; t++) {
    const action = envs.actionSpace.sample() as ArrayLike<number>
    same(action, rows(actions, t), `sampled action ${t}`)
    const [observations, rewards, terminated, truncated, infos] = envs.step(action)
    same(observations, next(numEnvs * one), `observations ${t}`)
    same(rewards, rows(allRewards, t), `rewards ${t}`)
    same(terminated, rows(allTerminated, t), `terminated ${t}`)
    same(truncated, rows(allTruncated, t), `truncated ${t}`)
    const done = terminated.map((flag, i) => flag | truncated[i]!)
    if (autoreset === 'same-step') {
      same(infos._finalObs!, done, `mask of final observations ${t}`)
      for (const [i, flag] of done.entries()) {
        if (flag === 0) continue
        same(infos.finalObs!.subarray(i * one, (i + 1) * one), final(one), `final observation of ${i} at ${t}`)
        finals++
      }
    }
    if (autoreset === 'disabled' && done.includes(1)) {
      same(envs.reset({ options: { resetMask: done } })[0], next(numEnvs * one), `reset by mask after ${t}`)
    }
  }
  same([finals], [trace.finals], 'number of final observations')
}

function comparePicture({ id, seed, pixels }: Traces['pictures'][number]): void {
  const env = make<Uint8Array, number>(spec(id).with({ orderEnforce: false }), { renderMode: 'rgb_array' })
  env.reset({ seed })
  for (let t = 0; t < 25; t++) env.step(0)
  const frame = env.render()
  if (frame === null || typeof frame === 'string') throw new Error(`${id} rendered ${frame}`)
  const side = frame.width / 10
  const expected = decode(pixels, 'u1')
  for (let cell = 0; cell < 100; cell++) {
    // The middle of a cell.
    const at = 3 * ((Math.floor(cell / 10) + 0.5) * side * frame.width + ((cell % 10) + 0.5) * side)
    same(frame.data.subarray(at, at + 3), expected.subarray(3 * cell, 3 * cell + 3), `colour of cell ${cell}`)
  }
}
