import * as assert from 'node:assert/strict'
import { generateRandomMap, make } from 'gymnura/envs'
import { type Check, decode, type GeneratorState, readTraces, same, sameState } from './read.js'

interface EpisodesTrace {
  id: 'FrozenLake-v1'
  seed: string
  kwargs: Record<string, unknown>
  obs: string
  prob: string
  mask: string
  reward: string
  terminated: string
  truncated: string
  action: string
  texts: string[]
  random: GeneratorState
}

interface MapTrace {
  size: number
  p: number
  seed: string
  map: string[]
}

interface BlackjackTrace {
  seed: string
  kwargs: Record<string, unknown>
  obs: string
  reward: string
  terminated: string
  action: string
  random: GeneratorState
}

export function checks(folder: string): Check[] {
  const { blackjack, episodes, maps } = readTraces<{ episodes: EpisodesTrace[]; maps: MapTrace[]; blackjack: BlackjackTrace[] }>(
    folder,
    'toy-text',
  )
  return [
    ...episodes.map((trace) => ({
      title: `${trace.id} from seed ${trace.seed} is Gymnasium's in every number, and in the text it shows (${JSON.stringify(trace.kwargs)})`,
      run: () => replay(trace),
    })),
    ...blackjack.map((trace) => ({
      title: `Blackjack-v1 from seed ${trace.seed} is Gymnasium's in every number (${JSON.stringify(trace.kwargs)})`,
      run: () => replayBlackjack(trace),
    })),
    ...maps.map(({ map, seed, ...options }) => ({
      title: `a random map of ${options.size} from seed ${seed} with p ${options.p} is Gymnasium's`,
      run: () => assert.deepEqual(generateRandomMap({ ...options, seed: BigInt(seed) }), map),
    })),
  ]
}

function replay(trace: EpisodesTrace): void {
  const what = `${trace.id} seed ${trace.seed} ${JSON.stringify(trace.kwargs)}`
  const env = make(trace.id, { ...trace.kwargs, renderMode: 'ansi' })
  const [obs, prob, reward] = [decode(trace.obs, 'f8'), decode(trace.prob, 'f8'), decode(trace.reward, 'f8')]
  const [terminated, truncated, actions] = [decode(trace.terminated, 'u1'), decode(trace.truncated, 'u1'), decode(trace.action, 'u1')]
  const masks = decode(trace.mask, 'u1')
  let row = 0
  const see = ([observation, info]: [number, Record<string, unknown>]) => {
    same([observation, info.prob as number], [obs[row]!, prob[row]!], `${what}, observation and prob ${row}`)
    const mask = (info.actionMask as Int8Array | undefined) ?? []
    same(mask, masks.subarray(row * mask.length, (row + 1) * mask.length), `${what}, action mask ${row}`)
    row++
  }
  see(env.reset({ seed: BigInt(trace.seed) }))
  const texts = [env.render()]
  for (const [i, action] of actions.entries()) {
    const [observation, gained, terminates, truncates, info] = env.step(action)
    see([observation, info])
    same(
      [gained, Number(terminates), Number(truncates)],
      [reward[i]!, terminated[i]!, truncated[i]!],
      `${what}, step ${i} reward, terminated, truncated`,
    )
    if (texts.length < trace.texts.length) texts.push(env.render())
    if (terminates || truncates) see(env.reset())
  }
  assert.equal(row, obs.length)
  assert.deepEqual(texts, trace.texts, `${what}, texts`)
  sameState(env.npRandom, trace.random, what)
}

function replayBlackjack(trace: BlackjackTrace): void {
  const what = `Blackjack-v1 seed ${trace.seed} ${JSON.stringify(trace.kwargs)}`
  const env = make('Blackjack-v1', trace.kwargs)
  const [obs, reward, terminated] = [decode(trace.obs, 'u1'), decode(trace.reward, 'f8'), decode(trace.terminated, 'u1')]
  let row = 0
  const see = (observation: number[]) => same(observation, obs.subarray(3 * row, 3 * ++row), `${what}, observation ${row}`)
  see(env.reset({ seed: BigInt(trace.seed) })[0])
  for (const [i, action] of decode(trace.action, 'u1').entries()) {
    const [observation, gained, terminates] = env.step(action)
    see(observation)
    same([gained, Number(terminates)], [reward[i]!, terminated[i]!], `${what}, step ${i} reward, terminated`)
    if (terminates) see(env.reset()[0])
  }
  sameState(env.npRandom, trace.random, what)
}
