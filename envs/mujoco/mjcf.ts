/** MJCF, MuJoCo's model language, written as nested calls. */
type Value = string | number | boolean | readonly number[]

/** One element: `el('geom', { type: 'sphere', size: 0.1 })` is `<geom type="sphere" size="0.1"></geom>`. */
export function el(tag: string, attributes: Record<string, Value | undefined>, ...children: readonly string[]): string {
  const written = Object.entries(attributes).map(([name, value]) =>
    value === undefined ? '' : ` ${name}="${Array.isArray(value) ? value.join(' ') : value}"`,
  )
  return `<${tag}${written.join('')}>${children.join('')}</${tag}>`
}

/** A capsule given by its two ends. */
export function capsule(
  name: string | undefined,
  from: readonly number[],
  to: readonly number[],
  radius: number | readonly number[],
  more = {},
): string {
  return el('geom', { name, type: 'capsule', fromto: [...from, ...to], size: radius, ...more })
}

export function hinge(name: string, axis: readonly number[], more = {}): string {
  return el('joint', { name, type: 'hinge', axis, ...more })
}

/** Three joints without mass, spring or damping, which let a body move in the plane y = 0. @param lift height of the slides' origin */
export function planarRoot(lift?: number): string {
  const free = { armature: 0, damping: 0, limited: false, stiffness: 0 }
  const pos = lift === undefined ? undefined : [0, 0, -lift]
  return (
    el('joint', { name: 'rootx', type: 'slide', axis: [1, 0, 0], pos, ...free }) +
    el('joint', { name: 'rootz', type: 'slide', axis: [0, 0, 1], pos, ref: lift, ...free }) +
    hinge('rooty', [0, 1, 0], free)
  )
}

/** The light, overhead, that most models share. */
export const LIGHT = el('light', {
  cutoff: 100,
  diffuse: [1, 1, 1],
  // A negative zero, so that the compiled model is the same to the bit.
  dir: '-0 0 -1.3',
  directional: true,
  exponent: 1,
  pos: [0, 0, 1.3],
  specular: [0.1, 0.1, 0.1],
})

/** Textures and materials that most models share: a sky, skin with crossed edges, a chequered floor. */
export function scenery(sky: readonly number[], floorRepeat: number): string {
  return el(
    'asset',
    {},
    el('texture', { type: 'skybox', builtin: 'gradient', rgb1: sky, rgb2: [0, 0, 0], width: 100, height: 100 }),
    el('texture', {
      name: 'texgeom',
      type: 'cube',
      builtin: 'flat',
      mark: 'cross',
      width: 127,
      height: 1278,
      rgb1: [0.8, 0.6, 0.4],
      rgb2: [0.8, 0.6, 0.4],
      markrgb: [1, 1, 1],
      random: 0.01,
    }),
    el('texture', { name: 'texplane', type: '2d', builtin: 'checker', rgb1: [0, 0, 0], rgb2: [0.8, 0.8, 0.8], width: 100, height: 100 }),
    el('material', {
      name: 'MatPlane',
      texture: 'texplane',
      texrepeat: [floorRepeat, floorRepeat],
      reflectance: 0.5,
      shininess: 1,
      specular: 1,
    }),
    el('material', { name: 'geom', texture: 'texgeom', texuniform: true }),
  )
}

export const WHITE_SKY = [1, 1, 1]
export const GREY_SKY = [0.4, 0.5, 0.6]

/** The ground. @param size half-lengths to the sides that are drawn, and the spacing of the grid */
export function floor(size: readonly number[], more = {}): string {
  return el('geom', { name: 'floor', type: 'plane', size, condim: 3, material: 'MatPlane', rgba: [0.8, 0.9, 0.8, 1], ...more })
}

/** A camera that follows the centre of mass, looking along +y. */
export function trackingCamera(pos: readonly number[], xyaxes: readonly number[] = [1, 0, 0, 0, 0, 1]): string {
  return el('camera', { name: 'track', mode: 'trackcom', pos, xyaxes })
}
