/** A planar arm of two links in a walled arena, and a target. */
import { capsule, el, hinge } from '../mjcf.js'

const PINK = [0.9, 0.4, 0.6, 1]
const BLUE = [0, 0.4, 0.6, 1]
const UNTOUCHED = { contype: 0, conaffinity: 0 }
const HALF = 0.3
const Z = [0, 0, 1]

const wall = (name: string, from: readonly number[], to: readonly number[]) =>
  capsule(name, [...from, 0.01], [...to, 0.01], 0.02, { conaffinity: 0, rgba: PINK })
const link = (name: string) => capsule(name, [0, 0, 0], [0.1, 0, 0], 0.01, { rgba: BLUE })
const targetSlide = (name: string, axis: readonly number[], ref: number) =>
  el('joint', { name, type: 'slide', axis, ref, armature: 0, damping: 0, stiffness: 0, limited: true, range: [-0.27, 0.27] })

export const REACHER = el(
  'mujoco',
  { model: 'reacher' },
  el('compiler', { angle: 'radian', inertiafromgeom: true }),
  el(
    'default',
    {},
    el('joint', { armature: 1, damping: 1, limited: true }),
    el('geom', { contype: 0, friction: [1, 0.1, 0.1], rgba: [0.7, 0.7, 0, 1] }),
  ),
  el('option', { gravity: [0, 0, -9.81], integrator: 'RK4', timestep: 0.01 }),
  el(
    'worldbody',
    {},
    el('geom', { name: 'ground', type: 'plane', size: [1, 1, 10], rgba: [0.9, 0.9, 0.9, 1], ...UNTOUCHED }),
    wall('sideS', [-HALF, -HALF], [HALF, -HALF]),
    wall('sideE', [HALF, -HALF], [HALF, HALF]),
    wall('sideN', [-HALF, HALF], [HALF, HALF]),
    wall('sideW', [-HALF, -HALF], [-HALF, HALF]),
    el('geom', { name: 'root', type: 'cylinder', fromto: [0, 0, 0, 0, 0, 0.02], size: 0.011, rgba: PINK, ...UNTOUCHED }),
    el(
      'body',
      { name: 'body0', pos: [0, 0, 0.01] },
      link('link0'),
      hinge('joint0', Z, { limited: false }),
      el(
        'body',
        { name: 'body1', pos: [0.1, 0, 0] },
        hinge('joint1', Z, { limited: true, range: [-3, 3] }),
        link('link1'),
        el(
          'body',
          { name: 'fingertip', pos: [0.11, 0, 0] },
          el('geom', { name: 'fingertip', type: 'sphere', size: 0.01, contype: 0, rgba: [0, 0.8, 0.6, 1] }),
        ),
      ),
    ),
    el(
      'body',
      { name: 'target', pos: [0.1, -0.1, 0.01] },
      targetSlide('target_x', [1, 0, 0], 0.1),
      targetSlide('target_y', [0, 1, 0], -0.1),
      el('geom', { name: 'target', type: 'sphere', size: 0.009, rgba: [0.9, 0.2, 0.2, 1], ...UNTOUCHED }),
    ),
  ),
  el('actuator', {}, ...['joint0', 'joint1'].map((joint) => el('motor', { joint, gear: 200, ctrllimited: true, ctrlrange: [-1, 1] }))),
)
