/** Three links in a viscous plane (Purcell's swimmer; Coulom, 2002). */
import { capsule, el, floor, hinge, LIGHT, scenery, trackingCamera, WHITE_SKY } from '../mjcf.js'

const Z = [0, 0, 1]
const link = (from: number, to: number) => capsule(undefined, [from, 0, 0], [to, 0, 0], 0.1, { density: 1000 })
const motorized = (name: string) => hinge(name, Z, { limited: true, range: [-100, 100] })

export const SWIMMER = el(
  'mujoco',
  { model: 'swimmer' },
  el('compiler', { angle: 'degree', inertiafromgeom: true }),
  el('option', { density: 4000, integrator: 'RK4', timestep: 0.01, viscosity: 0.1 }),
  el(
    'default',
    {},
    el('geom', { conaffinity: 0, condim: 1, contype: 0, material: 'geom', rgba: [0.8, 0.6, 0.4, 1] }),
    el('joint', { armature: 0.1 }),
  ),
  scenery(WHITE_SKY, 30),
  el(
    'worldbody',
    {},
    LIGHT,
    floor([40, 40, 0.1], { pos: [0, 0, -0.1] }),
    el(
      'body',
      { name: 'torso' },
      trackingCamera([0, -3, 3], [1, 0, 0, 0, 1, 1]),
      link(1.5, 0.5),
      el('joint', { name: 'slider1', type: 'slide', axis: [1, 0, 0] }),
      el('joint', { name: 'slider2', type: 'slide', axis: [0, 1, 0] }),
      hinge('free_body_rot', Z),
      el(
        'body',
        { name: 'mid', pos: [0.5, 0, 0] },
        link(0, -1),
        motorized('motor1_rot'),
        el('body', { name: 'back', pos: [-1, 0, 0] }, link(0, -1), motorized('motor2_rot')),
      ),
    ),
  ),
  el(
    'actuator',
    {},
    ...['motor1_rot', 'motor2_rot'].map((joint) => el('motor', { joint, gear: 150, ctrllimited: true, ctrlrange: [-1, 1] })),
  ),
)
