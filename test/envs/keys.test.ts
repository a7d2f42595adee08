import { make, registry, setWarningHandler, spaces } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Keyboard } from '../../envs/keyboard.js'

setWarningHandler(() => {})

test('every environment can be played by keys, each stands for an action that it takes, and so do any of them together', () => {
  for (const id of registry.keys()) {
    const env = make<unknown, unknown>(id)
    const keyboard = new Keyboard(env)
    assert.ok(keyboard.known.size >= 2, `${id} has keys`)
    const together = [...keyboard.known].sort()
    env.reset({ seed: 1 })
    for (const held of [...together.map((key) => [key]), together.slice(0, 2), together]) {
      const { action, waits } = keyboard.choose(held)
      assert.is(waits, false, `${id}, ${held}`)
      assert.ok(env.actionSpace.contains(action), `${held} of ${id} is ${action}`)
    }
    for (const [keys, action] of Object.entries(env.metadata.keysToAction ?? {})) {
      assert.ok(env.actionSpace.contains(action), `${keys || 'no key'} of ${id} is ${action}`)
      env.reset({ seed: 1 })
      env.step(action)
    }
    env.close()
  }
})

test('a minimal set of actions keeps the keys of those that are left', () => {
  assert.equal(make('MinAtar/Breakout-v1').metadata.keysToAction, { '': 0, ArrowLeft: 1, ArrowRight: 2 })
})

test('motors are driven by pairs of keys, together where several are held, and rest where none is', () => {
  const walker = new Keyboard(make('BipedalWalker-v3'))
  assert.equal(walker.choose([]), { waits: false })
  assert.equal(walker.choose(['q']).action, [1, 0, 0, 0])
  assert.equal(walker.choose(['q', 's', 'z']).action, [1, -1, 0, 0])
  assert.equal(walker.choose(['a', 'q']).action, [0, 0, 0, 0])
  assert.equal(walker.choose([]).action, [0, 0, 0, 0])
  assert.match(walker.help, /^keys: q: #0 1 · a: #0 -1 · w: #1 1 · .* Escape gives back$/)
  assert.equal(new Keyboard(make('InvertedPendulum-v5')).choose(['ArrowLeft']).action, [-3])
  const humanoid = new Keyboard(make('Humanoid-v5'))
  assert.is(humanoid.known.size, 34)
  const last = humanoid.choose(['7']).action as number[]
  assert.equal([last.length, last.filter((torque) => torque !== 0), last[16]], [17, [Math.fround(0.4)], Math.fround(0.4)])
})

test('the lander with thrusts as numbers has the keys of the one with engines, and fires two at once', () => {
  assert.equal(new Keyboard(make('LunarLanderContinuous-v3')).choose(['ArrowRight', 'ArrowUp']).action, [1, 1])
  assert.is(new Keyboard(make('LunarLander-v3')).choose(['ArrowUp']).action, 2)
})

test('CarRacing is driven by arrows, with gas or brake in a curve too', () => {
  const car = new Keyboard(make('CarRacing-v3'))
  assert.equal(car.choose(['ArrowLeft', 'ArrowUp']).action, [-1, 1, 0])
  assert.equal(car.choose(['ArrowDown', 'ArrowRight']).action, [1, 0, 0.8])
  assert.equal(car.choose([]).action, [0, 0, 0])
  assert.is(new Keyboard(make('CarRacing-v3', { continuous: false })).choose(['ArrowUp']).action, 3)
})

test('a space that keys cannot stand for is said to have none, and a key without a letter is named', () => {
  const env = make('CartPole-v1')
  const strange = Object.create(env, { actionSpace: { value: new spaces.Box(-Infinity, Infinity, { shape: [2] }) } }) as typeof env
  assert.is(new Keyboard(strange).help, 'no keys are known for this environment')
  assert.match(new Keyboard(make('MinAtar/Asterix-v0')).help, /· Space: 5 ·/)
})

test.run()
