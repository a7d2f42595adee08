/** A body of 13 parts with 17 motors (Tassa, Erez and Todorov, 2012), standing or lying on its back. */
import { capsule, el, floor, GREY_SKY, hinge, LIGHT, scenery, trackingCamera } from '../mjcf.js'

type Vector = readonly number[]

/** Where the two poses differ; the legs' segments point along `down`. */
interface Pose {
  model: string
  height: number
  camera: Vector
  head: Vector
  /** Of the upper waist's capsule, whose ends lie at y = ∓0.06. */
  upperWaist: readonly [x: number, z: number]
  lowerWaist: Vector
  pelvis: Vector
  /** z of the hips in the pelvis' frame. */
  hips: number
  /** Along x for the one that lies, along −z for the one that stands. */
  lying: boolean
  foot: Vector
  leftHipRange: Vector
}

const STANDING: Pose = {
  model: 'humanoid',
  height: 1.4,
  camera: [0, -4, 0],
  head: [0, 0, 0.19],
  upperWaist: [-0.01, -0.12],
  lowerWaist: [-0.01, 0, -0.26],
  pelvis: [0, 0, -0.165],
  hips: -0.04,
  lying: false,
  foot: [0, 0, -0.45],
  leftHipRange: [-110, 20],
}

const LYING: Pose = {
  model: 'humanoidstandup',
  height: 0.105,
  camera: [0, -3, 0.5],
  head: [-0.15, 0, 0],
  upperWaist: [0.11, 0],
  lowerWaist: [0.21, 0, 0],
  pelvis: [0.165, 0, 0],
  hips: 0,
  lying: true,
  foot: [0.35, 0, -0.1],
  leftHipRange: [-120, 20],
}

const TILT = [1, 0, -0.002, 0]
const ORIGIN = [0, 0, 0]
const ball = (name: string, pos: Vector, size: number, user?: number) => el('geom', { name, type: 'sphere', pos, size, user })

/** @param side −1 for the right, 1 for the left */
function leg(side: -1 | 1, { hips, lying, foot, leftHipRange }: Pose): string {
  const name = side < 0 ? 'right' : 'left'
  const along = (length: number, y: number) => (lying ? [length, y, 0] : [0, y, -length])
  const inward = -0.01 * side
  const hip = (axis: string, direction: Vector, range: Vector, stiffness: number, armature = 0.01) =>
    hinge(`${name}_hip_${axis}`, direction, { range, stiffness, armature, damping: 5 })
  return el(
    'body',
    { name: `${name}_thigh`, pos: [0, 0.1 * side, hips] },
    hip('x', [-side, 0, 0], [-25, 5], 10),
    hip('z', [0, 0, -side], [-60, 35], 10),
    hip('y', [0, 1, 0], side < 0 ? [-110, 20] : leftHipRange, 20, side < 0 ? 0.008 : 0.01),
    capsule(`${name}_thigh1`, ORIGIN, along(0.34, inward), 0.06),
    el(
      'body',
      { name: `${name}_shin`, pos: along(0.403, inward) },
      hinge(`${name}_knee`, [0, -1, 0], { pos: [0, 0, 0.02], range: [-160, -2], armature: 0.006, stiffness: side < 0 ? undefined : 1 }),
      capsule(`${name}_shin1`, ORIGIN, along(0.3, 0), 0.049),
      el('body', { name: `${name}_foot`, pos: foot }, ball(`${name}_foot`, [0, 0, 0.1], 0.075, 0)),
    ),
  )
}

function arm(side: -1 | 1): string {
  const name = side < 0 ? 'right' : 'left'
  const range = side < 0 ? [-85, 60] : [-60, 85]
  const shoulder = (n: number, axis: Vector, armature: number) => hinge(`${name}_shoulder${n}`, axis, { range, armature, stiffness: 1 })
  const inward = (length: number) => [length, -length * side, length]
  return el(
    'body',
    { name: `${name}_upper_arm`, pos: [0, 0.17 * side, 0.06] },
    shoulder(1, [2, -side, 1], 0.0068),
    shoulder(2, [0, side, 1], 0.0051),
    capsule(`${name}_uarm1`, ORIGIN, [0.16, 0.16 * side, -0.16], [0.04, 0.16]),
    el(
      'body',
      { name: `${name}_lower_arm`, pos: [0.18, 0.18 * side, -0.18] },
      hinge(`${name}_elbow`, [0, -1, -side], { range: [-90, 50], armature: 0.0028, stiffness: 0 }),
      capsule(`${name}_larm`, inward(0.01), inward(0.17), 0.031),
      ball(`${name}_hand`, inward(0.18), 0.04),
      side < 0 ? el('camera', { pos: ORIGIN }) : '',
    ),
  )
}

function trunk(pose: Pose): string {
  const [x, z] = pose.upperWaist
  const abdomen = (axis: string, direction: Vector, height: number, range: Vector, stiffness: number) =>
    hinge(`abdomen_${axis}`, direction, { pos: [0, 0, height], range, stiffness, armature: 0.02, damping: 5 })
  return el(
    'body',
    { name: 'torso', pos: [0, 0, pose.height] },
    trackingCamera(pose.camera),
    el('joint', { name: 'root', type: 'free', armature: 0, damping: 0, limited: false, stiffness: 0 }),
    capsule('torso1', [0, -0.07, 0], [0, 0.07, 0], 0.07),
    ball('head', pose.head, 0.09, 258),
    capsule('uwaist', [x, -0.06, z], [x, 0.06, z], 0.06),
    el(
      'body',
      { name: 'lwaist', pos: pose.lowerWaist, quat: TILT },
      capsule('lwaist', [0, -0.06, 0], [0, 0.06, 0], 0.06),
      abdomen('z', [0, 0, 1], 0.065, [-45, 45], 20),
      abdomen('y', [0, 1, 0], 0.065, [-75, 30], 10),
      el(
        'body',
        { name: 'pelvis', pos: pose.pelvis, quat: TILT },
        abdomen('x', [1, 0, 0], 0.1, [-35, 35], 10),
        capsule('butt', [-0.02, -0.07, 0], [-0.02, 0.07, 0], 0.09),
        leg(-1, pose),
        leg(1, pose),
      ),
    ),
    arm(-1),
    arm(1),
  )
}

const LEG_MOTORS = { hip_x: 100, hip_z: 100, hip_y: 300, knee: 200 }
const ARM_MOTORS = { shoulder1: 25, shoulder2: 25, elbow: 25 }
const MOTORS: [name: string, gear: number][] = [
  ...['y', 'z', 'x'].map((axis): [string, number] => [`abdomen_${axis}`, 100]),
  ...[LEG_MOTORS, ARM_MOTORS].flatMap((limb) =>
    ['right', 'left'].flatMap((side) => Object.entries(limb).map(([name, gear]): [string, number] => [`${side}_${name}`, gear])),
  ),
]

/** Length of hip angle and knee angle against each other. */
const hamstring = (side: string) =>
  el(
    'fixed',
    { name: `${side}_hipknee` },
    el('joint', { joint: `${side}_hip_y`, coef: -1 }),
    el('joint', { joint: `${side}_knee`, coef: 1 }),
  )

const humanoid = (pose: Pose): string =>
  el(
    'mujoco',
    { model: pose.model },
    el('compiler', { angle: 'degree', inertiafromgeom: true }),
    el(
      'default',
      {},
      el('joint', { armature: 1, damping: 1, limited: true }),
      el('geom', { conaffinity: 1, condim: 1, contype: 1, margin: 0.001, material: 'geom', rgba: [0.8, 0.6, 0.4, 1] }),
      el('motor', { ctrllimited: true, ctrlrange: [-0.4, 0.4] }),
    ),
    el('option', { integrator: 'RK4', iterations: 50, solver: 'PGS', timestep: 0.003 }),
    el('size', { nkey: 5, nuser_geom: 1 }),
    el('visual', {}, el('map', { fogstart: 3, fogend: 5 })),
    scenery(GREY_SKY, 60),
    el('worldbody', {}, LIGHT, floor([20, 20, 0.125], { friction: [1, 0.1, 0.1] }), trunk(pose)),
    el('tendon', {}, hamstring('left'), hamstring('right')),
    el('actuator', {}, ...MOTORS.map(([name, gear]) => el('motor', { name, joint: name, gear }))),
  )

export const HUMANOID = humanoid(STANDING)
export const HUMANOID_STANDUP = humanoid(LYING)
