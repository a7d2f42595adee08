/** Two legs that walk: the hopper's torso on two of its legs, in a plane (Erez, Tassa and Todorov, 2012). */
import { el, floor, GREY_SKY, LIGHT, planarRoot, scenery, trackingCamera } from '../mjcf.js'
import { LIMB_RADIUS, planarLeg, TORSO_HALF_LENGTH } from './planar-leg.js'

const FOOT = { footReach: 0.2, footHalfLength: 0.1, footFriction: 1.9 }
const JOINTS = ['thigh', 'leg', 'foot', 'thigh_left', 'leg_left', 'foot_left']

export const WALKER2D = el(
  'mujoco',
  { model: 'walker2d' },
  el('compiler', { angle: 'degree', inertiafromgeom: true }),
  el(
    'default',
    {},
    el('joint', { armature: 0.01, damping: 0.1, limited: true }),
    el('geom', { conaffinity: 0, condim: 3, contype: 1, density: 1000, friction: [0.7, 0.1, 0.1], rgba: [0.8, 0.6, 0.4, 1] }),
    el('motor', { ctrllimited: true, ctrlrange: [-1, 1] }),
  ),
  el('option', { integrator: 'RK4', timestep: 0.002 }),
  scenery(GREY_SKY, 60),
  el(
    'worldbody',
    {},
    LIGHT,
    floor([40, 40, 40], { conaffinity: 1 }),
    el(
      'body',
      { name: 'torso', pos: [0, 0, 1.25] },
      trackingCamera([0, -3, -0.25]),
      planarRoot(1.25),
      el('geom', { name: 'torso_geom', type: 'capsule', size: [LIMB_RADIUS, TORSO_HALF_LENGTH], friction: 0.9 }),
      planarLeg({ suffix: '', ...FOOT }),
      planarLeg({ suffix: '_left', ...FOOT, rgba: [0.7, 0.3, 0.6, 1] }),
    ),
  ),
  el('actuator', {}, ...JOINTS.map((part) => el('motor', { joint: `${part}_joint`, gear: 100 }))),
)
