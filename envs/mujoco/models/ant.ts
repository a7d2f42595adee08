/** A torso on four legs of two segments (Schulman and others, 2016, "High-dimensional continuous control using GAE"). */
import { capsule, el, floor, hinge, LIGHT, scenery, trackingCamera, WHITE_SKY } from '../mjcf.js'

interface Leg {
  name: string
  /** Signs of x and y of the quadrant it points into. */
  toward: readonly [number, number]
  upper: string
  lower: string
  ankleAxis: readonly number[]
  ankleRange: readonly number[]
}

const LEGS: Leg[] = [
  { name: 'front_left_leg', toward: [1, 1], upper: 'left_leg_geom', lower: 'left_ankle_geom', ankleAxis: [-1, 1, 0], ankleRange: [30, 70] },
  {
    name: 'front_right_leg',
    toward: [-1, 1],
    upper: 'right_leg_geom',
    lower: 'right_ankle_geom',
    ankleAxis: [1, 1, 0],
    ankleRange: [-70, -30],
  },
  { name: 'back_leg', toward: [-1, -1], upper: 'back_leg_geom', lower: 'third_ankle_geom', ankleAxis: [-1, 1, 0], ankleRange: [-70, -30] },
  {
    name: 'right_back_leg',
    toward: [1, -1],
    upper: 'rightback_leg_geom',
    lower: 'fourth_ankle_geom',
    ankleAxis: [1, 1, 0],
    ankleRange: [30, 70],
  },
]

const ORIGIN = [0, 0, 0]

function leg({ name, toward: [x, y], upper, lower, ankleAxis, ankleRange }: Leg, index: number): string {
  const reach = (length: number) => [length * x, length * y, 0]
  const number = index + 1
  const ankle = el(
    'body',
    { pos: reach(0.2) },
    hinge(`ankle_${number}`, ankleAxis, { range: ankleRange }),
    capsule(lower, ORIGIN, reach(0.4), 0.08),
  )
  return el(
    'body',
    { name },
    capsule(`aux_${number}_geom`, ORIGIN, reach(0.2), 0.08),
    el(
      'body',
      { name: `aux_${number}`, pos: reach(0.2) },
      hinge(`hip_${number}`, [0, 0, 1], { range: [-30, 30] }),
      capsule(upper, ORIGIN, reach(0.2), 0.08),
      ankle,
    ),
  )
}

export const ANT = el(
  'mujoco',
  { model: 'ant' },
  el('compiler', { angle: 'degree', inertiafromgeom: true }),
  el('option', { integrator: 'RK4', timestep: 0.01 }),
  el('custom', {}, el('numeric', { name: 'init_qpos', data: [0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1] })),
  el(
    'default',
    {},
    el('joint', { armature: 1, damping: 1, limited: true }),
    el('geom', { conaffinity: 0, condim: 3, density: 5, friction: [1, 0.5, 0.5], margin: 0.01, rgba: [0.8, 0.6, 0.4, 1] }),
    el('motor', { ctrllimited: true, ctrlrange: [-1, 1] }),
  ),
  scenery(WHITE_SKY, 60),
  el(
    'worldbody',
    {},
    LIGHT,
    floor([40, 40, 40], { conaffinity: 1 }),
    el(
      'body',
      { name: 'torso', pos: [0, 0, 0.75] },
      trackingCamera([0, -3, 0.3]),
      el('geom', { name: 'torso_geom', type: 'sphere', size: 0.25 }),
      el('joint', { name: 'root', type: 'free', armature: 0, damping: 0, limited: false, margin: 0.01 }),
      ...LEGS.map(leg),
    ),
  ),
  el('actuator', {}, ...[4, 1, 2, 3].flatMap((n) => [`hip_${n}`, `ankle_${n}`].map((joint) => el('motor', { joint, gear: 150 })))),
)
