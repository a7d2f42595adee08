/**
 * The peers' side: each in a Python environment of its own, installed under $GYMNURA_PEERS or the OS's temp folder and kept.
 * PufferLib is not among them: it comes as sources that take PyTorch and minutes to build.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const folder = process.env.GYMNURA_PEERS ?? join(tmpdir(), 'gymnura-peers')
const INSTALL_LIMIT_MS = 900_000

export interface PeerPackage {
  readonly name: string
  /** What pip installs. */
  readonly pins: readonly string[]
}

export const PEERS = {
  gymnasium: { name: 'gymnasium', pins: ['gymnasium==1.4.0', 'numpy==2.4.6'] },
  envpool: { name: 'envpool', pins: ['envpool==1.2.5', 'gymnasium==1.3.0'] },
  gymnax: { name: 'gymnax', pins: ['jax==0.10.2', 'gymnax==1.0.1', 'flax==0.12.8', 'gymnasium==1.3.0', 'six==1.17.0'] },
  minatar: { name: 'minatar', pins: ['MinAtar==1.0.15'] },
} as const satisfies Record<string, PeerPackage>

/** The Python that has the packages. Throws if they cannot be installed. */
async function install({ name, pins }: PeerPackage): Promise<string> {
  const home = join(folder, `${name}-${pins[0]!.split('==')[1]}`)
  const python = join(home, 'bin', 'python')
  const done = join(home, 'installed')
  if (existsSync(done)) return python
  mkdirSync(folder, { recursive: true })
  await execute(process.env.PYTHON ?? 'python3.11', ['-m', 'venv', home])
  await execute(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pins], { timeout: INSTALL_LIMIT_MS })
  // Last: it says that the installation is whole.
  writeFileSync(done, `${pins.join('\n')}\n`)
  return python
}

/** What a peer is to step: its own id and way, and how many environments. */
export interface PeerWork {
  readonly way: string
  readonly id: string
  readonly numEnvs: number
}

/** A peer that waits for work, in a process bound to one core. */
export class Peer {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(
    readonly name: string,
    python: string,
  ) {
    // Sources of Python are not compiled, so they stay where they are.
    const script = fileURLToPath(new URL(`../../../../bench/envs/peers/${name}.py`, import.meta.url))
    const env = { ...process.env, XLA_FLAGS: '--xla_cpu_multi_thread_eigen=false', OMP_NUM_THREADS: '1', JAX_PLATFORMS: 'cpu' }
    this.#child = spawn(python, [script], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** Throws if it cannot be installed or doesn't start. */
  static async start(peer: PeerPackage): Promise<Peer> {
    const started = new Peer(peer.name, await install(peer))
    if ((await started.#line()) !== 'ready') throw new Error(`${peer.name} does not start`)
    return started
  }

  /** Steps a second over about so long; throws what the peer says is wrong. */
  async rate(work: PeerWork, milliseconds: number): Promise<number> {
    this.#child.stdin!.write(`${JSON.stringify({ ...work, seconds: milliseconds / 1000 })}\n`)
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
