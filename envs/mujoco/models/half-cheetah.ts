/** Half a cheetah in a plane: a torso and two legs of three segments each, 14 kg together (Wawrzyński, 2009). */
import { capsule, el, floor, hinge, LIGHT, planarRoot, scenery, trackingCamera, WHITE_SKY } from '../mjcf.js'

const RADIUS = 0.046
const Y = [0, 1, 0]

interface Segment {
  name: string
  /** Of the joint, in the parent's frame. */
  at: readonly number[]
  range: readonly number[]
  damping: number
  stiffness: number
  /** Centre, tilt about y and half-length of the capsule. */
  centre: readonly number[]
  tilt: number
  half: number
  gear: number
  rgba?: readonly number[]
}

const PALE = [0.9, 0.6, 0.6, 1]

const BACK: Segment[] = [
  {
    name: 'bthigh',
    at: [-0.5, 0, 0],
    range: [-0.52, 1.05],
    damping: 6,
    stiffness: 240,
    centre: [0.1, 0, -0.13],
    tilt: -3.8,
    half: 0.145,
    gear: 120,
  },
  {
    name: 'bshin',
    at: [0.16, 0, -0.25],
    range: [-0.785, 0.785],
    damping: 4.5,
    stiffness: 180,
    centre: [-0.14, 0, -0.07],
    tilt: -2.03,
    half: 0.15,
    gear: 90,
    rgba: PALE,
  },
  {
    name: 'bfoot',
    at: [-0.28, 0, -0.14],
    range: [-0.4, 0.785],
    damping: 3,
    stiffness: 120,
    centre: [0.03, 0, -0.097],
    tilt: -0.27,
    half: 0.094,
    gear: 60,
    rgba: PALE,
  },
]
const FRONT: Segment[] = [
  {
    name: 'fthigh',
    at: [0.5, 0, 0],
    range: [-1, 0.7],
    damping: 4.5,
    stiffness: 180,
    centre: [-0.07, 0, -0.12],
    tilt: 0.52,
    half: 0.133,
    gear: 120,
  },
  {
    name: 'fshin',
    at: [-0.14, 0, -0.24],
    range: [-1.2, 0.87],
    damping: 3,
    stiffness: 120,
    centre: [0.065, 0, -0.09],
    tilt: -0.6,
    half: 0.106,
    gear: 60,
    rgba: PALE,
  },
  {
    name: 'ffoot',
    at: [0.13, 0, -0.18],
    range: [-0.5, 0.5],
    damping: 1.5,
    stiffness: 60,
    centre: [0.045, 0, -0.07],
    tilt: -0.6,
    half: 0.07,
    gear: 30,
    rgba: PALE,
  },
]

const leg = (segments: readonly Segment[]): string =>
  segments.reduceRight(
    (below, { name, at, range, damping, stiffness, centre, tilt, half, rgba }) =>
      el(
        'body',
        { name, pos: at },
        hinge(name, Y, { range, damping, stiffness }),
        el('geom', { name, type: 'capsule', pos: centre, axisangle: [...Y, tilt], size: [RADIUS, half], rgba }),
        below,
      ),
    '',
  )

export const HALF_CHEETAH = el(
  'mujoco',
  { model: 'cheetah' },
  el('compiler', { angle: 'radian', inertiafromgeom: true, settotalmass: 14 }),
  el(
    'default',
    {},
    el('joint', { armature: 0.1, damping: 0.01, limited: true, solimplimit: [0, 0.8, 0.03], solreflimit: [0.02, 1], stiffness: 8 }),
    el('geom', {
      conaffinity: 0,
      condim: 3,
      contype: 1,
      friction: [0.4, 0.1, 0.1],
      rgba: [0.8, 0.6, 0.4, 1],
      solimp: [0, 0.8, 0.01],
      solref: [0.02, 1],
    }),
    el('motor', { ctrllimited: true, ctrlrange: [-1, 1] }),
  ),
  el('size', { nstack: 300000, nuser_geom: 1 }),
  el('option', { gravity: [0, 0, -9.81], timestep: 0.01 }),
  scenery(WHITE_SKY, 60),
  el(
    'worldbody',
    {},
    LIGHT,
    floor([40, 40, 40], { conaffinity: 1 }),
    el(
      'body',
      { name: 'torso', pos: [0, 0, 0.7] },
      trackingCamera([0, -3, 0.3]),
      planarRoot(),
      capsule('torso', [-0.5, 0, 0], [0.5, 0, 0], RADIUS),
      el('geom', { name: 'head', type: 'capsule', pos: [0.6, 0, 0.1], axisangle: [...Y, 0.87], size: [RADIUS, 0.15] }),
      leg(BACK),
      leg(FRONT),
    ),
  ),
  el('actuator', {}, ...[...BACK, ...FRONT].map(({ name, gear }) => el('motor', { name, joint: name, gear }))),
)
