/** The kernels of `assembly/` and the memory they work in: one module a thread, one instance and one memory a vector environment. */
import { KEY_WORDS } from '../random/random-state.js'
import type { AutoresetMode } from '../vector/vector-env.js'
import { compileWasm } from '../wasm.js'
import type { MinAtarSettings } from './minatar.js'
import type { Rules } from './rules.js'

interface Exports {
  configure(
    game: number,
    numEnvs: number,
    blockBytes: number,
    rowBytes: number,
    stickyActionProb: number,
    ramping: number,
    stepLimit: number,
    autoreset: number,
  ): void
  place(...addresses: number[]): void
  reset(i: number): void
  step(): void
}

/** Words of an environment's block before the game's variables: the action before, the steps of this episode. */
export const HEAD_WORDS = 2
export const LAST_ACTION = 0
export const DRAWS_WORDS = KEY_WORDS + 1
const AUTORESET: Record<AutoresetMode, number> = { 'next-step': 0, 'same-step': 1, disabled: 2 }
const PAGE = 65_536
/** What lies before is the module's own. */
const FIRST_ADDRESS = PAGE
const NEVER = 2 ** 31 - 1

let compiled: WebAssembly.Module | undefined

/** What the kernels read and write, as views. */
export interface MinAtarKernels extends Pick<Exports, 'reset' | 'step'> {
  /** Environment after environment: `HEAD_WORDS`, then the game's variables. */
  blocks: Int32Array
  /** Environment after environment: 624 words of a RandomState, then how many are used up. */
  draws: Uint32Array
  /** Of the games, 0 to 5. */
  actions: Int32Array
  observations: Uint8Array
  finals: Uint8Array
  finalMask: Uint8Array
  rewards: Float64Array
  terminated: Uint8Array
  truncated: Uint8Array
  ended: Uint8Array
}

export function loadKernels(
  rules: Rules,
  { stickyActionProb, ramping }: MinAtarSettings,
  numEnvs: number,
  autoresetMode: AutoresetMode,
  maxEpisodeSteps: number | null,
): MinAtarKernels {
  const blockWords = HEAD_WORDS + rules.words
  const rowBytes = 100 * rules.channels.length
  const addresses: number[] = []
  let end = FIRST_ADDRESS
  for (const bytes of [4 * blockWords, 4 * DRAWS_WORDS, 4, rowBytes, rowBytes, 1, 8, 1, 1, 1]) {
    addresses.push(end)
    end = Math.ceil((end + bytes * numEnvs) / 64) * 64
  }
  compiled ??= compileWasm(new URL('./kernels.wasm', import.meta.url))
  const pages = Math.ceil(end / PAGE)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { configure, place, reset, step } = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Exports
  configure(rules.number, numEnvs, 4 * blockWords, rowBytes, stickyActionProb, ramping, maxEpisodeSteps ?? NEVER, AUTORESET[autoresetMode])
  place(...addresses)
  const { buffer } = memory
  const at = (k: number) => addresses[k]!
  const flags = (k: number) => new Uint8Array(buffer, at(k), numEnvs)
  return {
    reset,
    step,
    blocks: new Int32Array(buffer, at(0), blockWords * numEnvs),
    draws: new Uint32Array(buffer, at(1), DRAWS_WORDS * numEnvs),
    actions: new Int32Array(buffer, at(2), numEnvs),
    observations: new Uint8Array(buffer, at(3), rowBytes * numEnvs),
    finals: new Uint8Array(buffer, at(4), rowBytes * numEnvs),
    finalMask: flags(5),
    rewards: new Float64Array(buffer, at(6), numEnvs),
    terminated: flags(7),
    truncated: flags(8),
    ended: flags(9),
  }
}
