/**
 * What learners ask of an environment beyond the rules of the API: the advice that Stable-Baselines3's checker gives. Everything here is
 * allowed, and only warned about.
 */
import type { Env } from './env.js'
import { Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, type Space, Text, Tuple } from './spaces/index.js'

type Warn = (message: string) => void

/** Below it the usual convolutions for pictures leave nothing. */
const LEAST_SIDE = 36

export function warnOfLearners({ actionSpace, metadata, observationSpace }: Env, warn: Warn): void {
  warnOfActions(actionSpace as Space, warn)
  warnOfObservations(observationSpace as Space, 'the observation space', warn, false)
  if (metadata.renderModes.length > 0 && metadata.renderFps === undefined)
    warn('metadata has no renderFps; videos and pages show 30 frames a second')
}

function warnOfActions(space: Space, warn: Warn): void {
  if (space instanceof Box) {
    if (!space.isBounded())
      warn(`the action space ${space} has infinite bounds; a learner needs finite ones, rescale inside the environment`)
    else if (isUneven(space))
      warn(`the action space ${space} is not symmetric within [-1, 1]; learners do best there, rescale inside the environment`)
    if (space.dtype !== ('float32' as string)) warn(`the action space ${space} has dtype ${space.dtype}; learners give float32`)
  } else if (space instanceof Discrete || space instanceof MultiDiscrete) warnOfStart(space, 'the action space', warn)
  else if (!(space instanceof MultiBinary))
    warn(`few learners know actions like ${space}; most take Box, Discrete, MultiDiscrete or MultiBinary`)
}

function isUneven({ high, low, shape }: Box): boolean {
  return shape.length === 1 && low.some((least, i) => least < -1 || high[i]! > 1 || (least !== 0 && Math.abs(least) !== Math.abs(high[i]!)))
}

function warnOfStart(space: Discrete | MultiDiscrete, name: string, warn: Warn): void {
  const starts = space instanceof Discrete ? [space.start] : Array.from(space.start)
  if (starts.some((start) => start !== 0)) warn(`${name} ${space} does not start at 0, which some learners take for granted`)
  if (space instanceof MultiDiscrete && space.shape.length > 1) warn(`${name} ${space} has more than one axis; learners take it flat`)
}

function warnOfObservations(space: Space, name: string, warn: Warn, nested: boolean): void {
  if (space instanceof Dict || space instanceof Tuple) {
    if (nested) warn(`${name} is a space within a space, which few learners take; flatten it`)
    if (space instanceof Tuple) warn(`${name} is a Tuple, which few learners take; give a Dict or flatten it`)
    const parts = space instanceof Dict ? space.entries() : space.spaces.map((part: Space, i: number) => [i, part] as const)
    for (const [key, part] of parts) warnOfObservations(part, `part ${key} of ${name}`, warn, true)
  } else if (space instanceof Box) warnOfBox(space, name, warn)
  else if (space instanceof Discrete || space instanceof MultiDiscrete) warnOfStart(space, name, warn)
  else if (space instanceof Sequence || space instanceof Graph || space instanceof OneOf || space instanceof Text)
    warn(`${name} ${space} has no fixed size, which few learners take`)
}

function warnOfBox(space: Box, name: string, warn: Warn): void {
  const { dtype, high, low, shape } = space
  if (!space.isBounded()) warn(`${name} ${space} has infinite bounds; finite ones tell a learner more`)
  // Planes of flags, as of a board, are no picture.
  if (dtype === ('bool' as string)) return
  if (shape.length === 3) {
    if (dtype !== ('uint8' as string)) warn(`${name} looks like a picture of ${dtype}; learners take uint8`)
    else if (low.some((least) => least !== 0) || high.some((most) => most !== 255))
      warn(`${name} looks like a picture, but does not go from 0 to 255`)
    const [first, second, third] = shape as [number, number, number]
    // The channels may come first or last.
    const sides = first < third ? [second, third] : [first, second]
    if (sides.some((side) => side < LEAST_SIDE))
      warn(`${name} is a picture of ${sides.join(' × ')}; the usual convolutions need ${LEAST_SIDE} × ${LEAST_SIDE}`)
  } else if (shape.length !== 1) warn(`${name} of shape [${shape}] is neither a picture nor a vector; flatten it`)
}
