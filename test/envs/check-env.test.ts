import { CartPoleEnv, checkEnv, Env, type Info, make, type ResetOptions, type StepResult, spaces } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Corridor } from './helpers.js'

test('a clean environment has no warnings', () => {
  assert.equal(checkEnv(new Corridor()), [])
})

test('CartPole passes, its render modes included; infinite bounds are pointed out', () => {
  const found = checkEnv(make('CartPole-v1').unwrapped)
  assert.is(found.length, 1)
  assert.match(found[0]!, /infinite bounds/)
})

test('an environment under wrappers is checked with a warning', () => {
  assert.match(checkEnv(make('CartPole-v1')).join(), /check env.unwrapped/)
})

test('an action space that learners do badly in is pointed out', () => {
  class Wide extends Corridor {
    override readonly actionSpace = new spaces.Box(-2, 2) as unknown as spaces.Discrete
  }
  assert.match(checkEnv(new Wide()).join(), /symmetric within \[-1, 1\]/)
})

class Unseeded extends Corridor {
  override reset({ seed }: ResetOptions = {}): [number, Info] {
    this.seedRandom(seed)
    return [0, { luck: Math.random() }]
  }
}

class Deaf extends Corridor {
  override reset(): [number, Info] {
    return [0, {}]
  }
}

class Reusing extends Env<Float32Array, number> {
  override readonly actionSpace = new spaces.Discrete(2)
  override readonly observationSpace = new spaces.Box(0, 1, { shape: [2] })
  private readonly buffer = new Float32Array(2)
  override reset({ seed }: ResetOptions = {}): [Float32Array, Info] {
    this.seedRandom(seed)
    return [this.buffer, {}]
  }
  override step(): StepResult<Float32Array> {
    return [this.buffer, 0, false, false, {}]
  }
}

class Hiding extends Corridor {
  #steps = 0
  override step(action: number): StepResult<number> {
    const [observation, , terminated, truncated, info] = super.step(action)
    return [observation, this.#steps++, terminated, truncated, info]
  }
  override reset(options: ResetOptions = {}): [number, Info] {
    this.#steps = 0
    return super.reset(options)
  }
}

class Unclonable extends Corridor {
  readonly callback = () => 1
}

class BadlyClosed extends Corridor {
  closed = false
  override close(): void {
    if (this.closed) throw new Error('closed already')
    this.closed = true
  }
}

for (const [env, expected] of [
  [new Unseeded(), /draw only from this\.npRandom/],
  [new Deaf(), /seedRandom/],
  [new Reusing(), /give a new object each time/],
  [new Hiding(), /not #private ones/],
  [new Unclonable(), /callback cannot be saved; override saveOwn/],
  [new BadlyClosed(), /close\(\) called twice must not throw.*closed already/],
] as const) {
  test(`an environment that is ${env.constructor.name} is refused with what to do: ${expected.source}`, () => {
    assert.throws(() => checkEnv(env as Env), expected)
  })
}

test('what is no environment, or has no spaces, is refused', () => {
  assert.throws(() => checkEnv({} as Env), /extends Env/)
  const bare = new CartPoleEnv() as { actionSpace: unknown }
  bare.actionSpace = null
  assert.throws(() => checkEnv(bare as Env), /needs an actionSpace/)
})

/** A corridor with other spaces. */
function withSpaces(observationSpace: spaces.Space, actionSpace: spaces.Space = new spaces.Discrete(2)): Env {
  return new (class extends Env {
    override readonly observationSpace = observationSpace
    override readonly actionSpace = actionSpace
    override reset({ seed }: ResetOptions = {}): [unknown, Info] {
      this.seedRandom(seed)
      return [this.#zeros(), {}]
    }
    override step(): StepResult<unknown> {
      return [this.#zeros(), 0, false, false, {}]
    }
    #zeros(): unknown {
      return spaces.createZeros(this.observationSpace)
    }
  })()
}

test('what learners have trouble with is pointed out, as Stable-Baselines3 does', () => {
  const { Box, Dict, Discrete, MultiDiscrete, Text, Tuple } = spaces
  for (const [env, expected] of [
    [withSpaces(new Box(0, 1, { shape: [64, 64, 3] })), /looks like a picture of float32; learners take uint8/],
    [withSpaces(new Box(0, 100, { shape: [64, 64, 3], dtype: 'uint8' })), /does not go from 0 to 255/],
    [withSpaces(new Box(0, 255, { shape: [3, 20, 64], dtype: 'uint8' })), /picture of 20 × 64; the usual convolutions need 36 × 36/],
    [withSpaces(new Box(0, 1, { shape: [2, 2] })), /neither a picture nor a vector/],
    [withSpaces(new Tuple([new Discrete(2), new Discrete(2)])), /is a Tuple, which few learners take/],
    [withSpaces(new Dict({ a: new Dict({ b: new Discrete(2) }) })), /part a of the observation space is a space within a space/],
    [withSpaces(new Discrete(3, { start: 1 })), /does not start at 0/],
    [withSpaces(new Text(4)), /has no fixed size/],
    [withSpaces(new Discrete(2), new Box(-1, 1, { dtype: 'float64' })), /has dtype float64; learners give float32/],
    [withSpaces(new Discrete(2), new Box(-Infinity, 1)), /the action space .* infinite bounds; a learner needs finite ones/],
    [withSpaces(new Discrete(2), new MultiDiscrete([2, 2], { start: [0, 3] })), /does not start at 0/],
    [withSpaces(new Discrete(2), new Dict({ a: new Discrete(2) })), /few learners know actions like Dict/],
  ] as const) {
    assert.match(checkEnv(env as Env).join('\n'), expected)
  }
})

test('NaN, a reset outside the space and an end after one step are errors', () => {
  const bad = (change: (env: Env) => void) => {
    const env = withSpaces(new spaces.Box(0, 1, { shape: [2] }))
    change(env)
    return () => checkEnv(env)
  }
  const zeros = () => new Float32Array(2)
  assert.throws(
    bad((env) => {
      env.step = () => [zeros(), Number.NaN, false, false, {}]
    }),
    /reward .* is NaN/,
  )
  assert.throws(
    bad((env) => {
      env.reset = () => [Float32Array.of(0, 7), {}]
    }),
    /reset\(\) gives must be in Box/,
  )
  assert.throws(
    bad((env) => {
      env.step = () => [zeros(), 0, false, true, {}]
    }),
    /truncated after its first step/,
  )
})

test.run()
