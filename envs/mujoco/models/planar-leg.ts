/** The leg that the hopper and the walker share: thigh, leg and foot in a plane, hanging from the lower end of a torso. */
import { el, hinge } from '../mjcf.js'

export interface PlanarLeg {
  /** Goes between a part's name and its kind: `thigh_left_joint`. */
  suffix: string
  /** From the ankle's axis to the foot's frame, m; the foot's capsule lies half way. */
  footReach: number
  footHalfLength: number
  footFriction: number
  rgba?: readonly number[]
}

export const TORSO_HALF_LENGTH = 0.19999999999999996
export const LIMB_RADIUS = 0.05
const THIGH_HALF_LENGTH = 0.22500000000000003
const AXIS = [0, -1, 0]
/** A quarter turn about y, as it was rounded. */
const LYING = [Math.SQRT1_2, 0, -(Math.SQRT1_2 - 2 ** -53), 0]

export function planarLeg({ suffix, footReach, footHalfLength, footFriction, rgba }: PlanarLeg): string {
  const joint = (part: string, range: readonly number[], pos?: readonly number[]) => hinge(`${part}${suffix}_joint`, AXIS, { range, pos })
  const geom = (part: string, size: readonly number[], friction: number, more: object) =>
    el('geom', { name: `${part}${suffix}_geom`, type: 'capsule', size, friction, rgba, ...more })
  return el(
    'body',
    { name: `thigh${suffix}`, pos: [0, 0, -TORSO_HALF_LENGTH] },
    joint('thigh', [-150, 0]),
    geom('thigh', [LIMB_RADIUS, THIGH_HALF_LENGTH], 0.9, { pos: [0, 0, -0.22500000000000009] }),
    el(
      'body',
      { name: `leg${suffix}`, pos: [0, 0, -0.7000000000000001] },
      joint('leg', [-150, 0], [0, 0, 0.25]),
      geom('leg', [0.04, 0.25], 0.9, {}),
      el(
        'body',
        { name: `foot${suffix}`, pos: [footReach, 0, -0.35] },
        joint('foot', [-45, 45], [-footReach, 0, 0.1]),
        geom('foot', [0.06, footHalfLength], footFriction, { pos: [-footReach / 2, 0, 0.1], quat: LYING }),
      ),
    ),
  )
}
