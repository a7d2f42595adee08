import { makeVec, type VectorInfos } from 'gymnura/envs'
import { apart, type Check, decode, readTraces, same } from './read.js'

export function checks(folder: string, live: boolean): Check[] {
  return readTraces<{ vectors: VectorTrace[] }>(folder, 'vectors').vectors.flatMap((trace) =>
    (trace.mode === 'sync' ? (['sync', 'native'] as const) : [trace.mode]).map((mode) => {
      const limit = trace.maxEpisodeSteps ? `, limit ${trace.maxEpisodeSteps}` : ''
      return {
        title: `${mode} with ${trace.autoreset} and ${trace.numEnvs} environments from seed ${trace.seed} follows Gymnasium${limit}`,
        run: () => replayVector(trace, mode, live ? 1 : 0),
      }
    }),
  )
}

interface VectorTrace {
  mode: 'vector_entry_point' | 'sync'
  autoreset: 'next-step' | 'same-step' | 'disabled'
  seed: string | string[]
  actionSeed: string
  numEnvs: number
  options: Record<string, number> | null
  maxEpisodeSteps: number | null
  rewardDtype: string
  suttonBartoReward: boolean
  obs: string
  reward: string
  terminated: string
  truncated: string
  action: string
  final: string
  resetObs: string
}

/** Replays a vector trace, left to run, in its own mode, or, for 'sync', in 'native' too. @param ulps how far observations may be apart */
function replayVector(trace: VectorTrace, mode: VectorTrace['mode'] | 'native', ulps: number): void {
  const { autoreset, numEnvs } = trace
  const what = `${mode} ${autoreset} seed ${trace.seed} x${numEnvs} ${JSON.stringify(trace.options)}`
  const envs = makeVec('CartPole-v1', {
    numEnvs,
    vectorizationMode: mode,
    autoresetMode: autoreset,
    suttonBartoReward: trace.suttonBartoReward,
    ...(trace.maxEpisodeSteps === null ? {} : { maxEpisodeSteps: trace.maxEpisodeSteps }),
  })
  const [obs, final, resetObs] = [decode(trace.obs, 'f4'), decode(trace.final, 'f4'), decode(trace.resetObs, 'f4')]
  const [reward, actions] = [decode(trace.reward, 'f8'), decode(trace.action, 'u1')]
  const [terminated, truncated] = [decode(trace.terminated, 'u1'), decode(trace.truncated, 'u1')]
  const rows = (values: Float32Array, t: number) => values.subarray(4 * numEnvs * t, 4 * numEnvs * (t + 1))
  const flags = <T extends Uint8Array | Float64Array>(values: T, t: number) => values.subarray(numEnvs * t, numEnvs * (t + 1))
  envs.actionSpace.seed(BigInt(trace.actionSeed))
  const seed = typeof trace.seed === 'string' ? BigInt(trace.seed) : trace.seed.map(BigInt)
  same(envs.reset({ seed, options: trace.options ?? {} })[0], rows(obs, 0), `${what}, reset`, apart(ulps))
  let finals = 0
  let resets = 0
  for (let t = 0; t < actions.length / numEnvs; t++) {
    const action = envs.actionSpace.sample() as ArrayLike<number>
    same(action, flags(actions, t), `${what}, sampled action ${t}`)
    const result = envs.step(action)
    const at = `${what}, step ${t}`
    same(result[0], rows(obs, t + 1), `${at} observations`, apart(ulps))
    same(result[1], flags(reward, t), `${at} rewards`)
    const kind = result[1] instanceof Float32Array ? 'float32' : 'float64'
    if (kind !== trace.rewardDtype) throw new Error(`${at}: rewards are ${kind}, expected ${trace.rewardDtype}`)
    same(result[2], flags(terminated, t), `${at} terminated`)
    same(result[3], flags(truncated, t), `${at} truncated`)
    const done = result[2].map((flag, i) => flag | result[3][i]!)
    if (autoreset === 'same-step') finals = compareFinals(result[4], done, final, finals, at, ulps)
    if (autoreset === 'disabled' && done.includes(1)) {
      same(envs.reset({ options: { resetMask: done } })[0], rows(resetObs, resets++), `${at} reset by mask`, apart(ulps))
    }
  }
  if (finals * 4 !== final.length || resets * 4 * numEnvs !== resetObs.length) throw new Error(`${what}: another number of episodes`)
}

function compareFinals(infos: VectorInfos, done: Uint8Array, expected: Float32Array, seen: number, what: string, ulps: number): number {
  same(infos._finalObs!, done, `${what} mask of final observations`)
  let row = seen
  for (const [i, flag] of done.entries()) {
    if (flag === 0) continue
    const own = (infos.finalObs as Float32Array).subarray(4 * i, 4 * i + 4)
    same(own, expected.subarray(4 * row, 4 * row + 4), `${what} final observation of ${i}`, apart(ulps))
    row++
  }
  return row
}
