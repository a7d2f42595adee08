import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test('who submitted a task is not kept alive by where it did, once the task is over', () => {
  const script = `
    import { actor, get, init, remote, shutdown } from 'gymnura'
    await init({ numCpus: 1 })
    const square = remote((x) => x * x)
    const counter = actor(class { n = 0; add(k) { return (this.n += k) } }).remote()
    class Trainer {
      weights = new Array(100_000).fill(0)
      async step() { return await get([square.remote(2), counter.add.remote(1)]) }
    }
    async function train() {
      const trainer = new Trainer()
      console.log(JSON.stringify(await trainer.step()))
      return new WeakRef(trainer)
    }
    const trainer = await train()
    for (let turn = 0; turn < 20 && trainer.deref() !== undefined; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      gc()
    }
    console.log(trainer.deref() === undefined ? 'collected' : 'kept')
    await shutdown()`
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.is(stdout, '[4,1]\ncollected\n', stderr)
})

test('a program that makes something else of stacks than text gets its errors all the same', () => {
  const script = `
    import { get, init, remote, shutdown } from 'gymnura'
    await init({ numCpus: 1 })
    Error.prepareStackTrace = (_, sites) => sites
    const ref = remote(() => { throw new RangeError('thrown') }).remote()
    await get(ref, { timeoutMs: 10_000 }).catch((error) => console.log(error.name, error.message))
    await shutdown()`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.match(stdout, /^TaskError .* failed: RangeError: thrown\n$/, stderr)
})

test.run()
