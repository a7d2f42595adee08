import { ActorDiedError, actor, exitActor, get, getActor, init, kill, type ObjectRef, put, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'
import { exportedActors, Leaver } from './exported-actors.js'

const Leavers = actor(Leaver, { module: exportedActors, maxRestarts: -1, maxTaskRetries: -1 })

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

function left(error: Error): void {
  assert.instance(error, ActorDiedError)
  assert.match(error.message, /^Leaver\.\w+: actor Leaver ended itself by exitActor\(\)$/)
}

test('exitActor in a sync method ends the actor: the call fails, and it is not started again', async () => {
  const leaver = Leavers.remote()
  assert.is(await get(leaver.add.remote(1)), 1)
  left(await rejection(get(leaver.leave.remote())))
  left(await rejection(get(leaver.add.remote(1))))
})

test('exitActor in an async method does the same, and catching what it throws changes nothing', async () => {
  const leaver = Leavers.remote()
  left(await rejection(get(leaver.leaveLater.remote(5))))
  left(await rejection(get(Leavers.remote().leaveAndCatch.remote())))
})

test('exitActor in a callback of the actor’s ends it too', async () => {
  const leaver = Leavers.remote()
  assert.is(await get(leaver.leaveByTimer.remote()), 'soon')
  left(await rejection(get(leaver.nap.remote(60_000))))
})

test('calls that have begun are answered first, those that have not fail, and the name comes free', async () => {
  const leaver = Leavers.options({ name: 'leaver' }).remote()
  const begun = leaver.nap.remote(50)
  const leaving = leaver.leave.remote()
  const behind = leaver.add.remote(1)
  assert.is(await get(begun), 'rested')
  assert.match((await rejection(get(leaving))).message, /Leaver 'leaver' ended itself by exitActor/)
  assert.match((await rejection(get(behind))).message, /ended itself by exitActor/)
  assert.match((await rejection(getActor('leaver'))).message, /no living actor/)
  const next = Leavers.options({ name: 'leaver' }).remote()
  assert.is(await get(next.add.remote(3)), 3)
  await kill(next)
})

test('a class that is shipped as source can exit too', async () => {
  class Shipped {
    async go() {
      const { exitActor } = await import('gymnura')
      exitActor()
    }
  }
  assert.instance(await rejection(get(actor(Shipped).remote().go.remote() as ObjectRef)), ActorDiedError)
})

test('outside an actor exitActor is refused', async () => {
  assert.throws(() => exitActor(), /exitActor: called outside an actor/)
  const task = remote(async () => (await import('gymnura')).exitActor())
  assert.match((await rejection(get(task.remote() as ObjectRef))).message, /exitActor: called outside an actor/)
  assert.is(await get(put(1)), 1)
})

test.run()
