import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Kept } from '../../bench/core/peers/kept.js'

let folder: string
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'kept-'))
})
test.after.each(() => rmSync(folder, { recursive: true }))

test('a run that was interrupted goes on with what was measured, and counts how often', async () => {
  let measured = 0
  const measure = async () => ++measured
  const first = new Kept(folder, 'all rows')
  assert.is(await first.once('a', measure), 1)
  first.set('rows', [1, 2])
  const second = new Kept(folder, 'all rows')
  assert.is(await second.once('a', measure), 1)
  assert.equal(second.get('rows'), [1, 2])
  assert.is(await second.once('b', measure), 2)
  assert.is(second.resumed, 1)
})

test('what was measured with other settings, or is all measured, is begun anew', async () => {
  const first = new Kept(folder, 'all rows')
  first.set('a', 1)
  const other = new Kept(folder, 'some rows')
  assert.is(other.has('a'), false)
  assert.is(other.resumed, 0)
  other.set('a', 2)
  other.remove()
  assert.is(new Kept(folder, 'some rows').has('a'), false)
})

test.run()
