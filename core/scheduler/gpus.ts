import { spawnSync } from 'node:child_process'
import { count, invalid } from '../api/errors.js'

const program = 'nvidia-smi'
/** It takes a second or two where the driver has to wake up first. */
const LIMIT_MS = 5_000

/**
 * Ids of the GPUs that the runtime may hand out. Declared: the first so many, of those that CUDA_VISIBLE_DEVICES shows if it
 * is set. Else a function that looks for them, to be called when a GPU is first asked for, because looking takes a while.
 */
export function gpuIdsOf(declared: number | undefined): readonly number[] | (() => readonly number[]) {
  if (declared === undefined) return () => detectGpus()
  if (declared === 0) return []
  const list = process.env.CUDA_VISIBLE_DEVICES
  if (list === undefined) return Array.from({ length: declared }, (_, id) => id)
  const visible = detectGpus()
  if (declared > visible.length)
    throw invalid(
      `init: numGpus is ${declared}, but CUDA_VISIBLE_DEVICES='${list}' shows ${count(visible.length, 'GPU')}; change one of them`,
    )
  return visible.slice(0, declared)
}

/**
 * Ids of this machine's GPUs: those in CUDA_VISIBLE_DEVICES if it is set, else those that nvidia-smi lists, else none. Blocks
 * while nvidia-smi runs.
 */
export function detectGpus(limitMs = LIMIT_MS): readonly number[] {
  const list = process.env.CUDA_VISIBLE_DEVICES
  if (list === undefined) return query(limitMs).map((gpu) => gpu.id)
  const names = list.trim() === '' ? [] : list.split(',').map((name) => name.trim())
  if (names.every((name) => /^-?\d+$/.test(name))) return visible(names.map(Number))
  const listed = query(limitMs)
  return visible(names.map((name) => listed.find((gpu) => `${gpu.id}` === name || gpu.uuid.startsWith(name))?.id ?? -1))
}

/** As CUDA reads its list: a GPU that is not there hides itself and all behind it. */
function visible(ids: readonly number[]): readonly number[] {
  const end = ids.findIndex((id) => id < 0)
  return [...new Set(end < 0 ? ids : ids.slice(0, end))]
}

function query(limitMs: number): { id: number; uuid: string }[] {
  const { status, stdout } = spawnSync(program, ['--query-gpu=index,uuid', '--format=csv,noheader'], {
    encoding: 'utf8',
    timeout: limitMs,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  })
  if (status !== 0) return []
  return [...stdout.matchAll(/^(\d+), *(\S+)/gm)].map(([, id, uuid]) => ({ id: Number(id), uuid: uuid! }))
}
