import { cancel, get, init, remote, shutdown } from 'gymnura'
import { type AsyncVectorEnv, type EnvThreadPool, makeVec, serveEnvironments } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test("environments step on the runtime's workers, given as a pool, with sync's numbers", async () => {
  await init({ numCpus: 2 })
  const serve = remote(serveEnvironments, { module: new URL('../../envs/index.js', import.meta.url).href, maxRetries: 0 })
  const pool: EnvThreadPool = {
    run: (setup) => {
      const ref = serve.remote(setup)
      // What goes wrong is told by the reply that does not come.
      get(ref).catch(() => {})
      return { stop: () => void cancel(ref, { force: true }) }
    },
  }
  const envs = makeVec('CartPole-v1', { numEnvs: 4, vectorizationMode: 'async', numWorkers: 2, pool }) as AsyncVectorEnv
  const sync = makeVec('CartPole-v1', { numEnvs: 4, vectorizationMode: 'sync' })
  await envs.ready()
  assert.equal(Array.from(envs.reset({ seed: 1 })[0]), Array.from(sync.reset({ seed: 1 })[0]))
  for (let t = 0; t < 200; t++) {
    const actions = [t & 1, 1, 0, (t >> 1) & 1]
    assert.equal(Array.from(envs.step(actions)[0]), Array.from(sync.step(actions)[0]))
  }
  envs.close()
  await shutdown()
})

test.run()
