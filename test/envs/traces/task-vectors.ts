import * as assert from 'node:assert/strict'
import { makeVec, spaces, type VectorInfos } from 'gymnura/envs'
import { type Check, decode, readTraces, same } from './read.js'

interface VectorTrace {
  id: string
  autoreset: 'next-step' | 'same-step' | 'disabled'
  seed: string
  numEnvs: number
  maxEpisodeSteps: number | null
  obs: string
  reward: string
  terminated: string
  truncated: string
  final: string
  resetObs: string
}

type Mode = 'sync' | 'native'

export function checks(folder: string): Check[] {
  return readTraces<{ vectors: VectorTrace[] }>(folder, 'task-vectors').vectors.flatMap((trace) =>
    modesOf(trace).map((mode) => ({
      title: `${trace.id} in ${mode} with ${trace.autoreset} from seed ${trace.seed} follows Gymnasium`,
      run: () => replay(trace, mode),
    })),
  )
}

/** Blackjack's observations are a tuple, which 'sync' does not batch yet. */
const modesOf = ({ id }: VectorTrace): readonly Mode[] => (id === 'Blackjack-v1' ? ['native'] : ['sync', 'native'])

/** One float32 digit, or 1e-9 near zero; whole numbers must be equal. */
const apart = (a: number, b: number) => Math.abs(a - b) > Math.max(2 ** -23 * Math.abs(b), 1e-9)
const rewardApart = (id: string) => (id.startsWith('Pendulum') ? (a: number, b: number) => Math.abs(a - b) > 1e-8 : undefined)

function replay(trace: VectorTrace, mode: Mode): void {
  const { autoreset, id, numEnvs } = trace
  const what = `${id} ${mode} ${autoreset} seed ${trace.seed}`
  const limit = trace.maxEpisodeSteps === null ? {} : { maxEpisodeSteps: trace.maxEpisodeSteps }
  const envs = makeVec(id, { numEnvs, vectorizationMode: mode, autoresetMode: autoreset, ...limit })
  const exact = !(envs.singleObservationSpace instanceof spaces.Box)
  const [obs, final, resetObs] = [decode(trace.obs, 'f4'), decode(trace.final, 'f4'), decode(trace.resetObs, 'f4')]
  const [reward, terminated, truncated] = [decode(trace.reward, 'f8'), decode(trace.terminated, 'u1'), decode(trace.truncated, 'u1')]
  envs.actionSpace.seed(BigInt(trace.seed))
  let [observations] = envs.reset({ seed: BigInt(trace.seed) })
  const size = observations.length / numEnvs
  const rows = (values: Float32Array, t: number) => values.subarray(numEnvs * size * t, numEnvs * size * (t + 1))
  const near = exact ? undefined : apart
  same(observations, rows(obs, 0), `${what}, reset`, near)
  let finals = 0
  let resets = 0
  for (let t = 0; t < reward.length / numEnvs; t++) {
    const at = `${what}, step ${t}`
    const flags = (values: Uint8Array | Float64Array) => values.subarray(numEnvs * t, numEnvs * (t + 1))
    const result = envs.step(envs.actionSpace.sample() as ArrayLike<number>)
    observations = result[0]
    same(observations, rows(obs, t + 1), `${at} observations`, near)
    same(result[1], flags(reward), `${at} rewards`, rewardApart(id))
    same(result[2], flags(terminated), `${at} terminated`)
    same(result[3], flags(truncated), `${at} truncated`)
    const done = result[2].map((flag, i) => flag | result[3][i]!)
    if (autoreset === 'same-step') finals = compareFinals(result[4], done, final, finals, size, at, near)
    if (autoreset === 'disabled' && done.includes(1))
      same(envs.reset({ options: { resetMask: done } })[0], rows(resetObs, resets++), `${at} reset by mask`, near)
  }
  assert.equal(finals * size, final.length)
  assert.equal(resets * size * numEnvs, resetObs.length)
}

function compareFinals(
  infos: VectorInfos,
  done: Uint8Array,
  expected: Float32Array,
  seen: number,
  size: number,
  what: string,
  near: ((a: number, b: number) => boolean) | undefined,
): number {
  same(infos._finalObs!, done, `${what} mask of final observations`)
  let row = seen
  for (const [i, flag] of done.entries()) {
    if (flag === 0) continue
    const own = (infos.finalObs as Float32Array).subarray(size * i, size * (i + 1))
    same(own, expected.subarray(size * row, size * (row + 1)), `${what} final observation of ${i}`, near)
    row++
  }
  return row
}
