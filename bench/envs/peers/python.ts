/**
 * The peers' side: each in a Python environment of its own (venv.ts).
 * PufferLib is not among them: it comes as sources that take PyTorch and minutes to build.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { installVenv } from '../../venv.js'

/** What pip installs for each. */
export const PEERS = {
  gymnasium: {
    pins: ['gymnasium==1.4.0', 'numpy==2.4.6', 'Box2D==2.3.10', 'pygame-ce==2.5.8', 'mujoco==3.14.0', 'imageio==2.38.1', 'packaging==26.4'],
  },
  envpool: { pins: ['envpool==1.2.5', 'gymnasium==1.3.0'] },
  gymnax: { pins: ['jax==0.10.2', 'gymnax==1.0.1', 'flax==0.12.8', 'gymnasium==1.3.0', 'six==1.17.0'] },
  minatar: { pins: ['MinAtar==1.0.15', 'gymnasium==1.4.0'] },
} as const
export type PeerName = keyof typeof PEERS

/** What a peer is to step: its own id and way, how many environments, on how many threads, and how many steps an episode. */
export interface PeerWork {
  readonly way: string
  readonly id: string
  readonly numEnvs: number
  readonly threads?: number
  readonly steps?: number
}

/** A peer that waits for work. */
class Peer {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(
    readonly name: string,
    python: string,
    core: number,
  ) {
    // Sources of Python are not compiled, so they stay where they are.
    const script = fileURLToPath(new URL(`../../../../bench/envs/peers/${name}.py`, import.meta.url))
    const env = {
      ...process.env,
      GYMNURA_PEER_CORE: String(core),
      JAX_PLATFORMS: 'cpu',
      OMP_NUM_THREADS: '1',
      SDL_VIDEODRIVER: 'dummy',
      XLA_FLAGS: '--xla_cpu_multi_thread_eigen=false',
    }
    this.#child = spawn(python, [script], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** Throws if it cannot be installed or doesn't start. @param core the number, from the last, of the core that it is bound to */
  static async start(name: PeerName, core: number): Promise<Peer> {
    const started = new Peer(name, await installVenv(name, PEERS[name].pins), core)
    if ((await started.#line()) !== 'ready') throw new Error(`${name} does not start`)
    return started
  }

  async rate(work: PeerWork, milliseconds: number): Promise<number> {
    this.#child.stdin!.write(`${JSON.stringify({ threads: 1, steps: 0, ...work, seconds: milliseconds / 1000 })}\n`)
    const answer = JSON.parse(await this.#line()) as { rate?: number; error?: string }
    if (answer.rate === undefined) throw new Error(`${this.name}: ${answer.error}`)
    return answer.rate
  }

  async #line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done) throw new Error(`${this.name} has ended`)
    return value
  }

  end(): void {
    this.#child.stdin!.end()
  }
}

/** Each peer that could be installed, and a second process of it for work on two cores. */
export class Peers {
  readonly #started: ReadonlyMap<PeerName, readonly [Peer, Peer]>

  private constructor(started: ReadonlyMap<PeerName, readonly [Peer, Peer]>) {
    this.#started = started
  }

  static async start(): Promise<Peers> {
    const started = new Map<PeerName, readonly [Peer, Peer]>()
    for (const name of Object.keys(PEERS) as PeerName[]) {
      try {
        started.set(name, [await Peer.start(name, 0), await Peer.start(name, 1)])
      } catch (error) {
        console.log(`${name} is left out: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
      }
    }
    return new Peers(started)
  }

  get names(): PeerName[] {
    return Array.from(this.#started.keys())
  }

  has(name: PeerName): boolean {
    return this.#started.has(name)
  }

  /** Steps a second over about so long, on one core unless the work has more threads. Throws what the peer says is wrong. */
  rate(name: PeerName, work: PeerWork, milliseconds: number): Promise<number> {
    return this.#started.get(name)![0].rate(work, milliseconds)
  }

  /** The sum of two processes that do the same at the same time, a core each. */
  async rateOfTwo(name: PeerName, work: PeerWork, milliseconds: number): Promise<number> {
    const [first, second] = await Promise.all(this.#started.get(name)!.map((peer) => peer.rate(work, milliseconds)))
    return first! + second!
  }

  end(): void {
    for (const pair of this.#started.values()) for (const peer of pair) peer.end()
  }
}
