/**
 * Ours beside Gymnasium, EnvPool, gymnax on the CPU and MinAtar, in one run: for each task the windows
 * of all alternate, one core each. Arguments: words that the ids to run contain; default all. `BENCH_WINDOW_MS` and `BENCH_WINDOWS` shorten it.
 */
import { groupedBars } from '../../grouped-bars.js'
import { type Measured, rate, shownRate, single, summary, TASKS, vector } from '../rows/stepping.js'
import { PEERS, Peer, type PeerPackage, type PeerWork } from './python.js'

const WINDOW_MS = Number(process.env.BENCH_WINDOW_MS ?? 400)
const ROUNDS = Number(process.env.BENCH_WINDOWS ?? 5)
const MANY = 1024
const FEW = 8

type PeerName = keyof typeof PEERS

/** What the others call our tasks; what they do not have is not there. */
const NAMES: Readonly<Record<string, Partial<Record<PeerName, string>>>> = {
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

interface Contender {
  /** Which of the three questions it answers. */
  readonly kind: 'single' | 'few' | 'many'
  readonly name: string
  measure(milliseconds: number): number | Promise<number>
}

interface Question {
  gymnura: Measured
  peers: Record<string, Measured>
  /** Ours by the fastest peer's, medians. */
  ratio: number | null
}

export interface PeersRow extends Partial<Record<Contender['kind'], Question>> {
  env: string
}

function contenders(id: string, peers: ReadonlyMap<PeerName, Peer>): Contender[] {
  const ours: Contender[] = [
    { kind: 'single', name: 'gymnura', measure: (ms) => rate(one, ms) },
    { kind: 'few', name: 'gymnura', measure: (ms) => rate(few, ms) },
    { kind: 'many', name: 'gymnura', measure: (ms) => rate(many, ms) },
  ]
  const [one, few, many] = [single(id), vector(id, FEW), vector(id, MANY)] as const
  const theirs = (kind: Contender['kind'], name: string, peer: PeerName, work: PeerWork): Contender[] => {
    const process = peers.get(peer)
    return process ? [{ kind, name, measure: (ms) => process.rate(work, ms) }] : []
  }
  const { envpool, gymnax, minatar } = NAMES[id]!
  const list = [...ours]
  if (minatar) list.push(...theirs('single', 'minatar', 'minatar', { way: 'single', id: minatar, numEnvs: 1 }))
  else list.push(...theirs('single', 'gymnasium', 'gymnasium', { way: 'single', id, numEnvs: 1 }))
  for (const [kind, numEnvs] of [['few', FEW] as const, ['many', MANY] as const]) {
    if (!minatar) list.push(...theirs(kind, 'gymnasium sync', 'gymnasium', { way: 'sync', id, numEnvs }))
    if (id.startsWith('CartPole')) list.push(...theirs(kind, 'gymnasium vector', 'gymnasium', { way: 'vector_entry_point', id, numEnvs }))
    if (envpool) {
      for (const way of ['sync', 'async']) list.push(...theirs(kind, `envpool ${way}`, 'envpool', { way, id: envpool, numEnvs }))
    }
    if (gymnax) list.push(...theirs(kind, 'gymnax', 'gymnax', { way: 'scan', id: gymnax, numEnvs }))
  }
  return list
}

async function compare(id: string, peers: ReadonlyMap<PeerName, Peer>): Promise<PeersRow> {
  let list = contenders(id, peers)
  // The first time also compiles and finds out who cannot do it.
  for (const contender of list) {
    try {
      await contender.measure(WINDOW_MS / 4)
    } catch (error) {
      console.log(`${id}: ${error instanceof Error ? error.message : error}; left out`)
      list = list.filter((other) => other !== contender)
    }
  }
  const rates = new Map(list.map((contender) => [contender, [] as number[]]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of list) rates.get(contender)!.push(await contender.measure(WINDOW_MS))
  }
  const row: PeersRow = { env: id }
  for (const kind of ['single', 'few', 'many'] as const)
    row[kind] = question(
      list.filter((one) => one.kind === kind),
      rates,
    )
  print(row)
  return row
}

function question(list: readonly Contender[], rates: ReadonlyMap<Contender, readonly number[]>): Question {
  const measured = new Map(list.map((contender) => [contender.name, summary(rates.get(contender)!)]))
  const gymnura = measured.get('gymnura')!
  measured.delete('gymnura')
  const best = Math.max(0, ...Array.from(measured.values(), ({ median }) => median))
  return { gymnura, peers: Object.fromEntries(measured), ratio: best === 0 ? null : gymnura.median / best }
}

function print(row: PeersRow): void {
  for (const [kind, title] of [['single', 'one'] as const, ['few', `×${FEW}`] as const, ['many', `×${MANY}`] as const]) {
    const { gymnura, peers, ratio } = row[kind]!
    const others = Object.entries(peers).map(([name, { median }]) => `${name} ${shownRate(median)}`)
    const times = ratio === null ? '' : `${ratio.toFixed(ratio < 10 ? 2 : 1)}×`
    console.log(
      `${row.env.padEnd(26)}${title.padEnd(7)}${shownRate(gymnura.median).padStart(9)}${times.padStart(9)}   ${others.join(', ')}`,
    )
  }
}

async function startAll(): Promise<Map<PeerName, Peer>> {
  const peers = new Map<PeerName, Peer>()
  for (const [name, peer] of Object.entries(PEERS) as [PeerName, PeerPackage][]) {
    try {
      peers.set(name, await Peer.start(peer))
    } catch (error) {
      console.log(`${name} is left out: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    }
  }
  return peers
}

export async function run(
  words: readonly string[],
): Promise<{ pins: readonly string[]; windowMs: number; rounds: number; rows: PeersRow[] }> {
  const peers = await startAll()
  const rows: PeersRow[] = []
  for (const id of TASKS) if (words.length === 0 || words.some((word) => id.includes(word))) rows.push(await compare(id, peers))
  for (const peer of peers.values()) peer.end()
  return { pins: Array.from(peers.keys(), (name) => PEERS[name].pins[0]), windowMs: WINDOW_MS, rounds: ROUNDS, rows }
}

const SERIES = ['gymnura', 'gymnasium vector', 'gymnasium sync', 'envpool sync', 'envpool async', 'gymnax']

export function chart({ rows }: { rows: readonly PeersRow[] }): string {
  return groupedBars({
    title: `Steps a second on one core, ${MANY} environments, random actions, resets included`,
    unit: 'steps/s',
    series: SERIES,
    groups: rows.map(({ env, many }) => ({
      label: env,
      values: SERIES.map((name) => (name === 'gymnura' ? many!.gymnura.median : (many!.peers[name]?.median ?? null))),
    })),
  })
}
