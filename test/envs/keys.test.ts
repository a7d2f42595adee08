import { make, registry, setWarningHandler } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

setWarningHandler(() => {})

test('each key that an environment declares stands for an action that it takes', () => {
  let declared = 0
  for (const id of registry.keys()) {
    const env = make<unknown, unknown>(id)
    for (const [keys, action] of Object.entries(env.metadata.keysToAction ?? {})) {
      declared++
      assert.ok(env.actionSpace.contains(action), `${keys || 'no key'} of ${id} is ${action}`)
      env.reset({ seed: 1 })
      env.step(action)
    }
    env.close()
  }
  assert.ok(declared > 60, `${declared} keys`)
})

test('a minimal set of actions keeps the keys of those that are left', () => {
  assert.equal(make('MinAtar/Breakout-v1').metadata.keysToAction, { '': 0, ArrowLeft: 1, ArrowRight: 2 })
  assert.is(make('LunarLanderContinuous-v3').metadata.keysToAction, undefined)
})

test.run()
