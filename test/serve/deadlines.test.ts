import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Deadlines, type Expiring } from '../../serve/query/deadlines.js'

class Waiting implements Expiring<Waiting> {
  earlier: Waiting | undefined
  later: Waiting | undefined

  constructor(
    readonly name: string,
    readonly deadline: number,
    readonly ended: (name: string) => void,
  ) {}

  expire(): void {
    this.ended(this.name)
  }
}

test('what comes late to the list expires by its own deadline all the same', async () => {
  const deadlines = new Deadlines<Waiting>()
  const now = performance.now()
  const order: string[] = []
  const ended = (name: string) => order.push(name)
  // What is forgotten leaves its timer behind.
  const first = new Waiting('first', now + 350, ended)
  deadlines.watch(first)
  deadlines.forget(first)
  const last = new Promise<void>((resolve) => {
    deadlines.watch(
      new Waiting('far', now + 400, (name) => {
        ended(name)
        resolve()
      }),
    )
  })
  let lateMs = Number.NaN
  deadlines.watch(
    new Waiting('near', now + 50, (name) => {
      ended(name)
      lateMs = performance.now() - (now + 50)
    }),
  )
  deadlines.watch(new Waiting('between', now + 200, ended))
  const forgotten = new Waiting('forgotten', now + 100, ended)
  deadlines.watch(forgotten)
  deadlines.forget(forgotten)
  // (The timer does not hold the process by itself.)
  const hold = setTimeout(() => {}, 1_000)
  await last
  clearTimeout(hold)
  assert.equal(order, ['near', 'between', 'far'])
  assert.ok(lateMs < 140, `${lateMs} ms late`)
})

test.run()
