/** MountainCar, MountainCarContinuous, Pendulum and Acrobot by kernels: the numbers of 'sync'. */
import { checkKwargs, finiteOption } from '../kwargs.js'
import { type NativeTask, NativeVectorEnv } from '../native/native-vector-env.js'
import { NATIVE_OPTIONS } from '../native/options.js'
import type { Drawing } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'
import type { VectorEnvKwargs } from '../vector/vector-env.js'
import { ACROBOT_METADATA, acrobotOptions } from './acrobot.js'
import * as acrobot from './acrobot-dynamics.js'
import { acrobotDrawing } from './acrobot-render.js'
import * as car from './mountain-car-dynamics.js'
import { MOUNTAIN_CAR_METADATA, mountainCarDrawing } from './mountain-car-render.js'
import { PENDULUM_METADATA, resetSides } from './pendulum.js'
import * as pendulum from './pendulum-dynamics.js'
import { pendulumDrawing } from './pendulum-render.js'
import { resetBounds } from './reset-bounds.js'

const framed = (drawing: (state: readonly number[]) => Drawing) => (_mode: string, state: readonly number[]) => rasterized(drawing(state))

const onSlope = {
  metadata: MOUNTAIN_CAR_METADATA,
  observationSpace: car.mountainCarObservationSpace(),
  stateColumns: car.STATE_SIZE,
  resetInterval: [car.RESET_LOW, car.RESET_HIGH],
  intervalOf: (options: Record<string, unknown>) => resetBounds(options, car.RESET_LOW, car.RESET_HIGH),
} as const

export class MountainCarNative extends NativeVectorEnv {
  /** @throws InvalidKwargs for an option it does not have */
  constructor(kwargs: VectorEnvKwargs) {
    checkKwargs('MountainCar', kwargs, [...NATIVE_OPTIONS, 'goalVelocity'])
    const task: NativeTask = {
      ...onSlope,
      name: 'MountainCar',
      kernel: 'mountainCar',
      actionSpace: car.mountainCarActionSpace(),
      params: [finiteOption('goalVelocity', kwargs.goalVelocity ?? 0)],
      frame: framed(([position]) => mountainCarDrawing(position!, car.GOAL)),
    }
    super(kwargs, task)
  }
}

export class ContinuousMountainCarNative extends NativeVectorEnv {
  /** @throws InvalidKwargs for an option it does not have */
  constructor(kwargs: VectorEnvKwargs) {
    checkKwargs('MountainCarContinuous', kwargs, [...NATIVE_OPTIONS, 'goalVelocity'])
    const task: NativeTask = {
      ...onSlope,
      name: 'MountainCarContinuous',
      kernel: 'continuousMountainCar',
      actionSpace: car.continuousMountainCarActionSpace(),
      params: [-1, 1, finiteOption('goalVelocity', kwargs.goalVelocity ?? 0)],
      frame: framed(([position]) => mountainCarDrawing(position!, car.CONTINUOUS_GOAL)),
    }
    super(kwargs, task)
  }
}

export class PendulumNative extends NativeVectorEnv {
  /** @throws InvalidKwargs for an option it does not have */
  constructor(kwargs: VectorEnvKwargs) {
    checkKwargs('Pendulum', kwargs, [...NATIVE_OPTIONS, 'g'])
    const task: NativeTask = {
      name: 'Pendulum',
      kernel: 'pendulum',
      metadata: PENDULUM_METADATA,
      observationSpace: pendulum.pendulumObservationSpace(),
      actionSpace: pendulum.pendulumActionSpace(),
      stateColumns: pendulum.STATE_SIZE,
      resetInterval: [pendulum.RESET_ANGLE, pendulum.RESET_SPEED],
      intervalOf: resetSides,
      params: [-pendulum.MAX_TORQUE, pendulum.MAX_TORQUE, finiteOption('g', kwargs.g ?? pendulum.DEFAULT_GRAVITY)],
      frame: framed(([theta]) => pendulumDrawing(theta!, null)),
    }
    super(kwargs, task)
  }
}

export class AcrobotNative extends NativeVectorEnv {
  /** @throws InvalidKwargs for an option it does not have */
  constructor(kwargs: VectorEnvKwargs) {
    checkKwargs('Acrobot', kwargs, [...NATIVE_OPTIONS, 'bookOrNips', 'torqueNoiseMax'])
    const [nips, torqueNoise] = acrobotOptions(kwargs)
    const task: NativeTask = {
      name: 'Acrobot',
      kernel: 'acrobot',
      metadata: ACROBOT_METADATA,
      observationSpace: acrobot.acrobotObservationSpace(),
      actionSpace: acrobot.acrobotActionSpace(),
      stateColumns: acrobot.STATE_SIZE,
      resetInterval: [acrobot.RESET_LOW, acrobot.RESET_HIGH],
      intervalOf: (options) => resetBounds(options, acrobot.RESET_LOW, acrobot.RESET_HIGH),
      params: [nips ? 1 : 0, torqueNoise],
      frame: framed(([theta1, theta2]) => acrobotDrawing(theta1!, theta2!)),
    }
    super(kwargs, task)
  }
}
