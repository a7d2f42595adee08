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

test.run()
