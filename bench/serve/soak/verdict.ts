/** What the soak's samples say: a line a minute, how far the floor moved, and whether that is within the goals. */
import type { Memory } from '../parts/processes.js'

export interface Sample {
  readonly seconds: number
  readonly answers: number
  readonly frontend: Memory
  /** Of the container that answers for the policy; undefined while there is none. */
  readonly container: Memory | undefined
  /** All that run just now, and their shares together, MB. */
  readonly containers: number
  readonly containersShare: number
}

/** PSS over the frontend and a container, as the peers' in `serve --peers`, MB. */
export const MOST_MEGABYTES = 120
/** Of the floor, over all that was observed. */
const MOST_GROWTH = 0.05
/** The first part, in which code is compiled and caches fill. */
export const WARM_SHARE = 1 / 5
/** Each has its floor: the least of it is what is in use when garbage has just been collected. */
const WINDOWS = 12

const most = (values: readonly number[]) => Math.max(...values)
const least = (values: readonly number[]) => Math.min(...values)
const whole = Math.round

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length === 0 ? 0 : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

/** The median of the slopes between all pairs (Theil, 1950; Sen, 1968): a few outliers don't move it. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  return median(points.flatMap(([x, y], i) => points.slice(i + 1).map(([x2, y2]) => (y2 - y) / (x2 - x))))
}

export interface Minute {
  readonly minute: number
  readonly answers: number
  /** Medians, MB. */
  readonly frontendResident: number
  readonly frontendShare: number
  /** The least of its shares. */
  readonly floor: number
  readonly containerResident: number
  readonly containerShare: number
  readonly containers: number
  readonly containersShare: number
}

export function minuteOf(minute: number, samples: readonly Sample[], answersBefore: number): Minute {
  const medianOf = (read: (sample: Sample) => number | undefined) => whole(median(samples.map(read).filter((one) => one !== undefined)))
  return {
    minute,
    answers: samples.at(-1)!.answers - answersBefore,
    frontendResident: medianOf(({ frontend }) => frontend.resident),
    frontendShare: medianOf(({ frontend }) => frontend.share),
    floor: whole(least(samples.map(({ frontend }) => frontend.share))),
    containerResident: medianOf(({ container }) => container?.resident),
    containerShare: medianOf(({ container }) => container?.share),
    containers: medianOf(({ containers }) => containers),
    containersShare: medianOf(({ containersShare }) => containersShare),
  }
}

export interface Verdict {
  /** The frontend's floors after the warm part, MB, in windows of equal length. */
  readonly floors: readonly number[]
  /** How much the floor rose over all of them, by their slope, %. */
  readonly floorRosePercent: number
  /** What the heap held after collections of garbage, early and at the end, MB, and how much that rose, %. */
  readonly inUse: readonly [early: number, late: number]
  readonly inUseRosePercent: number
  /** The frontend with one container, PSS: the median and the most, MB. */
  readonly share: { readonly median: number; readonly most: number }
  /** The same were they alone on the machine, and no other process had pages of the program. */
  readonly alone: { readonly median: number; readonly most: number }
  readonly isFlat: boolean
  readonly isSmall: boolean
}

/** @param samples of the whole run, in order */
export function verdictOf(samples: readonly Sample[], inUse: readonly [number, number]): Verdict {
  const warm = samples.slice(Math.floor(samples.length * WARM_SHARE))
  const window = warm.length / WINDOWS
  const windows = Array.from({ length: WINDOWS }, (_, i) => warm.slice(Math.floor(i * window), Math.floor((i + 1) * window)))
  const floors = windows.filter((part) => part.length > 0).map((part) => least(part.map(({ frontend }) => frontend.share)))
  const slope = slopeOf(floors.map((floor, i) => [i, floor]))
  const floorRose = (slope * (floors.length - 1)) / median(floors)
  const inUseRose = inUse[1] / inUse[0] - 1
  const bothOf = (read: (frontend: Memory, container: Memory) => number) => {
    const sums = warm.flatMap(({ frontend, container }) => (container === undefined ? [] : [read(frontend, container)]))
    return { median: whole(median(sums)), most: whole(most(sums)) }
  }
  const share = bothOf((frontend, container) => frontend.share + container.share)
  const alone = bothOf((frontend, container) => frontend.resident + container.own)
  const percent = (share: number) => Math.round(1000 * share) / 10
  return {
    floors: floors.map(whole),
    floorRosePercent: percent(floorRose),
    inUse: [Math.round(10 * inUse[0]) / 10, Math.round(10 * inUse[1]) / 10],
    inUseRosePercent: percent(inUseRose),
    share,
    alone,
    isFlat: floorRose <= MOST_GROWTH && inUseRose <= MOST_GROWTH,
    isSmall: share.most <= MOST_MEGABYTES,
  }
}
