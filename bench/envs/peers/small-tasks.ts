/**
 * Classic control, toy text and MinAtar beside their peers: one environment, kernels of 8 and 1,024 on one core, and two threads. On two
 * cores the fastest peer of one core runs in two processes, and EnvPool with two threads.
 */

import { rate, single, TASKS, vector } from '../rows/stepping.js'
import { SteppingThreads } from '../rows/stepping-threads.js'
import type { PeerName, Peers, PeerWork } from './python.js'
import { type Answer, type Contender, inTurns, printAnswer } from './turns.js'

export const MANY = 1024
const FEW = 8
export const QUESTIONS = { single: 'one', few: `×${FEW}`, many: `×${MANY}`, threads: '2 threads' } as const

/** What the others call our tasks; what they do not have is not there. */
const NAMES: Readonly<Record<(typeof TASKS)[number], Partial<Record<PeerName, string>>>> = {
  'CartPole-v1': { envpool: 'CartPole-v1', gymnax: 'CartPole-v1' },
  'MountainCar-v0': { envpool: 'MountainCar-v0', gymnax: 'MountainCar-v0' },
  'MountainCarContinuous-v0': { envpool: 'MountainCarContinuous-v0', gymnax: 'MountainCarContinuous-v0' },
  'Pendulum-v1': { envpool: 'Pendulum-v1', gymnax: 'Pendulum-v1' },
  'Acrobot-v1': { envpool: 'Acrobot-v1', gymnax: 'Acrobot-v1' },
  'FrozenLake-v1': { envpool: 'FrozenLake-v1' },
  'FrozenLake8x8-v1': { envpool: 'FrozenLake8x8-v1' },
  'CliffWalking-v1': { envpool: 'CliffWalking-v0' },
  'Taxi-v4': { envpool: 'Taxi-v3' },
  'Blackjack-v1': { envpool: 'Blackjack-v1' },
  'MinAtar/Breakout-v1': { minatar: 'breakout', gymnax: 'Breakout-MinAtar' },
  'MinAtar/Asterix-v1': { minatar: 'asterix', gymnax: 'Asterix-MinAtar' },
  'MinAtar/Freeway-v1': { minatar: 'freeway', gymnax: 'Freeway-MinAtar' },
  'MinAtar/Seaquest-v1': { minatar: 'seaquest' },
  'MinAtar/SpaceInvaders-v1': { minatar: 'space_invaders', gymnax: 'SpaceInvaders-MinAtar' },
}

export interface SmallTaskRow extends Record<keyof typeof QUESTIONS, Answer> {
  env: string
}

interface PeerContender {
  readonly name: string
  readonly peer: PeerName
  readonly work: PeerWork
}

function vectorPeers(id: (typeof TASKS)[number], numEnvs: number): PeerContender[] {
  const { envpool, gymnax, minatar } = NAMES[id]
  const list: PeerContender[] = []
  // The package has no vectors: as many of its games one after another take as long as one.
  if (minatar) list.push({ name: 'minatar', peer: 'minatar', work: { way: 'single', id: minatar, numEnvs: 1 } })
  else list.push({ name: 'gymnasium sync', peer: 'gymnasium', work: { way: 'sync', id, numEnvs } })
  if (id === 'CartPole-v1') list.push({ name: 'gymnasium vector', peer: 'gymnasium', work: { way: 'vector_entry_point', id, numEnvs } })
  if (envpool)
    for (const way of ['sync', 'async']) list.push({ name: `envpool ${way}`, peer: 'envpool', work: { way, id: envpool, numEnvs } })
  if (gymnax) list.push({ name: 'gymnax', peer: 'gymnax', work: { way: 'scan', id: gymnax, numEnvs } })
  return list
}

function onePeers(id: (typeof TASKS)[number]): PeerContender[] {
  const { minatar } = NAMES[id]
  if (!minatar) return [{ name: 'gymnasium', peer: 'gymnasium', work: { way: 'single', id, numEnvs: 1 } }]
  return ['single', 'gymnasium'].map((way) => ({
    name: way === 'single' ? 'minatar' : 'minatar in gymnasium',
    peer: 'minatar',
    work: { way, id: way === 'single' ? minatar : id, numEnvs: 1 },
  }))
}

/** Those on one core. */
function contendersOf(id: (typeof TASKS)[number], peers: Peers): Contender[] {
  const [one, few, many] = [single(id), vector(id, FEW), vector(id, MANY)]
  const ours = [
    { question: 'single', name: 'gymnura', measure: (ms: number) => rate(one, ms) },
    { question: 'few', name: 'gymnura', measure: (ms: number) => rate(few, ms) },
    { question: 'many', name: 'gymnura', measure: (ms: number) => rate(many, ms) },
  ]
  const asked = [
    ['single', onePeers(id)],
    ['few', vectorPeers(id, FEW)],
    ['many', vectorPeers(id, MANY)],
  ] as const
  const theirs = asked.flatMap(([question, list]) =>
    list
      .filter(({ peer }) => peers.has(peer))
      .map(({ name, peer, work }) => ({ question, name, measure: (ms: number) => peers.rate(peer, work, ms) })),
  )
  return [...ours, ...theirs]
}

async function onTwoCores(id: (typeof TASKS)[number], best: string | null, peers: Peers): Promise<Answer> {
  const threads = await SteppingThreads.start('kernel', id)
  const contenders: Contender[] = [{ question: 'threads', name: 'gymnura', measure: (ms) => threads.rate(ms) }]
  const twice = vectorPeers(id, MANY).find(({ name }) => name === best)
  if (twice) {
    const { name, peer, work } = twice
    contenders.push({ question: 'threads', name: `2 × ${name}`, measure: (ms) => peers.rateOfTwo(peer, work, ms) })
  }
  const { envpool } = NAMES[id]
  for (const way of envpool && peers.has('envpool') ? ['sync', 'async'] : []) {
    const work = { way, id: envpool!, numEnvs: MANY, threads: 2 }
    contenders.push({ question: 'threads', name: `envpool ${way}, 2 threads`, measure: (ms) => peers.rate('envpool', work, ms) })
  }
  const answers = await inTurns(id, contenders)
  await threads.end()
  return answers.get('threads')!
}

export async function compareSmallTasks(words: readonly string[], peers: Peers): Promise<SmallTaskRow[]> {
  const rows: SmallTaskRow[] = []
  for (const id of TASKS) {
    if (words.length > 0 && !words.some((word) => id.includes(word))) continue
    const answers = await inTurns(id, contendersOf(id, peers))
    const [one, few, many] = (['single', 'few', 'many'] as const).map((question) => answers.get(question)!) as [Answer, Answer, Answer]
    const row = { env: id, single: one, few, many, threads: await onTwoCores(id, many.best, peers) }
    for (const [question, title] of Object.entries(QUESTIONS)) printAnswer(id, title, row[question as keyof typeof QUESTIONS])
    rows.push(row)
  }
  return rows
}
