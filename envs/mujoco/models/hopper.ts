/** One leg that hops: torso, thigh, leg and foot in a plane (Erez, Tassa and Todorov, 2012). */
import { el, floor, GREY_SKY, LIGHT, planarRoot, scenery, trackingCamera } from '../mjcf.js'
import { LIMB_RADIUS, planarLeg, TORSO_HALF_LENGTH } from './planar-leg.js'

export const HOPPER = el(
  'mujoco',
  { model: 'hopper' },
  el('compiler', { angle: 'degree', inertiafromgeom: true }),
  el(
    'default',
    {},
    el('joint', { armature: 1, damping: 1, limited: true }),
    el('geom', {
      conaffinity: 1,
      condim: 1,
      contype: 1,
      margin: 0.001,
      material: 'geom',
      rgba: [0.8, 0.6, 0.4, 1],
      solimp: [0.8, 0.8, 0.01],
      solref: [0.02, 1],
    }),
    el('motor', { ctrllimited: true, ctrlrange: [-1, 1] }),
  ),
  el('option', { integrator: 'RK4', timestep: 0.002 }),
  el('visual', {}, el('map', { znear: 0.02 })),
  scenery(GREY_SKY, 60),
  el(
    'worldbody',
    {},
    LIGHT,
    floor([20, 20, 0.125]),
    el(
      'body',
      { name: 'torso', pos: [0, 0, 1.25] },
      trackingCamera([0, -3, -0.25]),
      planarRoot(1.25),
      el('geom', { name: 'torso_geom', type: 'capsule', size: [LIMB_RADIUS, TORSO_HALF_LENGTH], friction: 0.9 }),
      planarLeg({ suffix: '', footReach: 0.13, footHalfLength: 0.195, footFriction: 2 }),
    ),
  ),
  el('actuator', {}, ...['thigh_joint', 'leg_joint', 'foot_joint'].map((joint) => el('motor', { joint, gear: 200 }))),
)
