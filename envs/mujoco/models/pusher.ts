/** An arm of seven joints over a table, a cylinder to push and a disc to push it to. */
import { capsule, el, hinge } from '../mjcf.js'

const [X, Y, Z] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const
const TOUCHES = { contype: 1, conaffinity: 1 }
const GREY = [0.6, 0.6, 0.6, 1]
const BLACK = [0.1, 0.1, 0.1, 1]
const ORIGIN = [0, 0, 0]

const ball = (name: string, pos: readonly number[], size: number, rgba?: readonly number[]) =>
  el('geom', { name, type: 'sphere', pos, size, rgba })
const joint = (name: string, axis: readonly number[], range: readonly number[], damping: number) =>
  hinge(`r_${name}_joint`, axis, { range, damping })
const link = (name: string, pos: readonly number[], ...children: string[]) => el('body', { name: `r_${name}_link`, pos }, ...children)
const slides = (name: string) =>
  [Y, X]
    .map((axis, i) =>
      el('joint', { name: `${name}_slide${i === 0 ? 'y' : 'x'}`, type: 'slide', axis, range: [-10.3213, 10.3], damping: 0.5 }),
    )
    .join('')

const wrist = link(
  'wrist_roll',
  ORIGIN,
  joint('wrist_roll', X, [-1.5, 1.5], 0.1),
  el('body', { name: 'tips_arm' }, ball('tip_arml', [0.1, -0.1, 0], 0.01), ball('tip_armr', [0.1, 0.1, 0], 0.01)),
  capsule(undefined, [0, -0.1, 0], [0, 0.1, 0], 0.02, TOUCHES),
  capsule(undefined, [0, -0.1, 0], [0.1, -0.1, 0], 0.02, TOUCHES),
  capsule(undefined, [0, 0.1, 0], [0.1, 0.1, 0], 0.02, TOUCHES),
)

const forearm = link(
  'elbow_flex',
  [0.4, 0, 0],
  capsule('ef', [0, -0.02, 0], [0, 0.02, 0], 0.06),
  joint('elbow_flex', Y, [-2.3213, 0], 0.1),
  link(
    'forearm_roll',
    ORIGIN,
    capsule('fr', [-0.1, 0, 0], [0.1, 0, 0], 0.02),
    joint('forearm_roll', X, [-1.5, 1.5], 0.1),
    link(
      'forearm',
      ORIGIN,
      capsule('fa', ORIGIN, [0.291, 0, 0], 0.05),
      link('wrist_flex', [0.321, 0, 0], capsule('wf', [0, -0.02, 0], [0, 0.02, 0], 0.01), joint('wrist_flex', Y, [-1.094, 0], 0.1), wrist),
    ),
  ),
)

const arm = link(
  'shoulder_pan',
  [0, -0.6, 0],
  ball('e1', [-0.06, 0.05, 0.2], 0.05, GREY),
  ball('e2', [0.06, 0.05, 0.2], 0.05, GREY),
  ball('e1p', [-0.06, 0.09, 0.2], 0.03, BLACK),
  ball('e2p', [0.06, 0.09, 0.2], 0.03, BLACK),
  capsule('sp', [0, 0, -0.4], [0, 0, 0.2], 0.1),
  joint('shoulder_pan', Z, [-2.2854, 1.714602], 1),
  link(
    'shoulder_lift',
    [0.1, 0, 0],
    capsule('sl', [0, -0.1, 0], [0, 0.1, 0], 0.1),
    joint('shoulder_lift', Y, [-0.5236, 1.3963], 1),
    link(
      'upper_arm_roll',
      ORIGIN,
      capsule('uar', [-0.1, 0, 0], [0.1, 0, 0], 0.02),
      joint('upper_arm_roll', X, [-1.5, 1.7], 0.1),
      link('upper_arm', ORIGIN, capsule('ua', ORIGIN, [0.4, 0, 0], 0.06), forearm),
    ),
  ),
)

const MOTORS = ['shoulder_pan', 'shoulder_lift', 'upper_arm_roll', 'elbow_flex', 'forearm_roll', 'wrist_flex', 'wrist_roll']

export const PUSHER = el(
  'mujoco',
  { model: 'arm3d' },
  el('compiler', { angle: 'radian', inertiafromgeom: true }),
  el('option', { timestep: 0.01, gravity: [0, 0, 0], iterations: 20, integrator: 'Euler' }),
  el(
    'default',
    {},
    el('joint', { armature: 0.04, damping: 1, limited: true }),
    el('geom', { friction: [0.8, 0.1, 0.1], density: 300, margin: 0.002, condim: 1, contype: 0, conaffinity: 0 }),
  ),
  el(
    'worldbody',
    {},
    el('light', { diffuse: [0.5, 0.5, 0.5], pos: [0, 0, 3], dir: [0, 0, -1] }),
    el('geom', { name: 'table', type: 'plane', pos: [0, 0.5, -0.325], size: [1, 1, 0.1], ...TOUCHES }),
    arm,
    el(
      'body',
      { name: 'object', pos: [0.45, -0.05, -0.275] },
      el('geom', { type: 'cylinder', size: [0.05, 0.05, 0.05], density: 0.01, rgba: [1, 1, 1, 1], contype: 1, conaffinity: 0 }),
      slides('obj'),
    ),
    el(
      'body',
      { name: 'goal', pos: [0.45, -0.05, -0.323] },
      el('geom', { type: 'cylinder', size: [0.08, 0.001, 0.1], density: 0.00001, rgba: [1, 0, 0, 1], contype: 0, conaffinity: 0 }),
      slides('goal'),
    ),
  ),
  el('actuator', {}, ...MOTORS.map((name) => el('motor', { joint: `r_${name}_joint`, ctrllimited: true, ctrlrange: [-2, 2] }))),
)
