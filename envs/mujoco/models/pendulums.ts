/** A cart on a rail with one pole or two, one above the other. */
import { capsule, el, hinge } from '../mjcf.js'

/** Nearly a quarter turn about y. */
const LYING = [707e-3, 0, 707e-3, 0]
const TEAL = [0, 0.7, 0.7, 1]
const GEOM = el('geom', { contype: 0, friction: [1, 0.1, 0.1], rgba: [0.7, 0.7, 0, 1] })
const RAIL = el('geom', { name: 'rail', type: 'capsule', quat: LYING, size: [0.02, 1], rgba: [0.3, 0.3, 0.7, 1] })
const CART = el('geom', { name: 'cart', type: 'capsule', quat: LYING, size: [0.1, 0.1] })
const Y = [0, 1, 0]
const slider = (more = {}) => el('joint', { name: 'slider', type: 'slide', axis: [1, 0, 0], limited: true, range: [-1, 1], ...more })
const motor = (gear: number, limit: number) =>
  el('actuator', {}, el('motor', { name: 'slide', joint: 'slider', gear, ctrllimited: true, ctrlrange: [-limit, limit] }))

export const INVERTED_PENDULUM = el(
  'mujoco',
  { model: 'inverted pendulum' },
  el('compiler', { inertiafromgeom: true }),
  el('default', {}, el('joint', { armature: 0, damping: 1, limited: true }), GEOM),
  el('option', { gravity: [0, 0, -9.81], integrator: 'RK4', timestep: 0.02 }),
  el('size', { nstack: 3000 }),
  el(
    'worldbody',
    {},
    RAIL,
    el(
      'body',
      { name: 'cart' },
      slider(),
      CART,
      el(
        'body',
        { name: 'pole' },
        hinge('hinge', Y, { range: [-90, 90] }),
        capsule('cpole', [0, 0, 0], [0.001, 0, 0.6], [0.049, 0.3], { rgba: TEAL }),
      ),
    ),
  ),
  motor(100, 3),
)

const pole = (name: string) => capsule(name, [0, 0, 0], [0, 0, 0.6], [0.045, 0.3], { rgba: TEAL })

export const INVERTED_DOUBLE_PENDULUM = el(
  'mujoco',
  { model: 'cartpole' },
  el('compiler', { inertiafromgeom: true }),
  el('custom', {}, el('numeric', { name: 'frame_skip', data: 2 })),
  el('default', {}, el('joint', { damping: 0.05 }), GEOM),
  el('option', { gravity: [1e-5, 0, -9.81], integrator: 'RK4', timestep: 0.01 }),
  el('size', { nstack: 3000 }),
  el(
    'worldbody',
    {},
    el('geom', { name: 'floor', type: 'plane', pos: [0, 0, -3], size: [40, 40, 40], rgba: [0.8, 0.9, 0.8, 1] }),
    RAIL,
    el(
      'body',
      { name: 'cart' },
      slider({ margin: 0.01 }),
      CART,
      el(
        'body',
        { name: 'pole' },
        hinge('hinge', Y),
        pole('cpole'),
        el(
          'body',
          { name: 'pole2', pos: [0, 0, 0.6] },
          hinge('hinge2', Y),
          pole('cpole2'),
          el('site', { name: 'tip', pos: [0, 0, 0.6], size: [0.01, 0.01] }),
        ),
      ),
    ),
  ),
  motor(500, 1),
)
