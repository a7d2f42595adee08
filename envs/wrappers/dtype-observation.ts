import type { Env } from '../env.js'
import { InvalidKwargs, InvalidSpace } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { DTYPES, emptyArray, isDtype } from '../spaces/dtype.js'
import { Box, Discrete, type Dtype, type DtypeArray, type IntegerDtype, MultiBinary, MultiDiscrete, type Space } from '../spaces/index.js'
import { sizeOf } from '../spaces/shape.js'
import { ObservationWrapper } from '../wrapper.js'

/**
 * Gives observations in another dtype, converted as NumPy does (a fraction is cut off).
 *
 *     const env = new wrappers.DtypeObservation(make('CartPole-v1'), { dtype: 'float64' })
 */
export class DtypeObservation<Act = unknown> extends ObservationWrapper<DtypeArray, Act, unknown> {
  readonly #dtype: Dtype
  readonly #size: number

  /** @throws InvalidSpace for an observation space that is no Box, Discrete, MultiDiscrete or MultiBinary; InvalidKwargs */
  constructor(env: Env<unknown, Act>, options: { dtype: Dtype }) {
    super(env, options)
    checkKwargs('DtypeObservation', options, ['dtype'])
    const { dtype } = options
    if (!isDtype(dtype))
      throw new InvalidKwargs(`dtype of DtypeObservation is one of ${Object.keys(DTYPES).join(', ')}, got ${shown(dtype)}`)
    this.#dtype = dtype
    this.observationSpace = inDtype(env.observationSpace, dtype) as Space<DtypeArray>
    this.#size = sizeOf(this.observationSpace.shape!)
  }

  override observation(observation: unknown): DtypeArray {
    const values = emptyArray(this.#dtype, this.#size)
    if (typeof observation === 'number') values[0] = observation
    else if (this.#dtype !== 'bool') values.set(observation as ArrayLike<number>)
    else for (let i = 0; i < values.length; i++) values[i] = (observation as ArrayLike<number>)[i] ? 1 : 0
    return values
  }
}

function inDtype(space: Space<unknown>, dtype: Dtype): Space<unknown> {
  const shape = space.shape ?? []
  if (space instanceof Box) {
    const open = (bound: ArrayLike<number>, bounded: Uint8Array, side: number) =>
      Array.from(bound, (value, i) => (bounded[i] ? value : side))
    return new Box(open(space.low, space.boundedBelow, -Infinity), open(space.high, space.boundedAbove, Infinity), { shape, dtype })
  }
  if (space instanceof Discrete) return new Box(space.start, space.start + space.n - 1, { shape: [], dtype })
  if (space instanceof MultiDiscrete) return new MultiDiscrete(space.nvec, { shape, start: space.start, dtype: dtype as IntegerDtype })
  if (space instanceof MultiBinary) return new Box(0, 1, { shape, dtype })
  throw new InvalidSpace(`DtypeObservation needs a Box, Discrete, MultiDiscrete or MultiBinary as observation space, got ${space}`)
}
