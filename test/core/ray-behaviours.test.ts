import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { golden } from '../golden.js'
import { answerOf, begin, behaviours, end, expected } from './twins/all.js'
import { differences } from './twins/differences.js'

/** What the real Ray answered (test/golden/core/make.py); test/reference/core/run.sh asks it again. */
const { answers }: { answers: Record<string, unknown> } = JSON.parse(readFileSync(golden('core/ray.json'), 'utf8'))

test.before(begin)
test.after(end)

test('every behaviour that Ray was asked for has a twin here, and none is without its counterpart', () => {
  assert.equal(Object.keys(behaviours).sort(), Object.keys(answers).sort())
  for (const title of Object.keys(differences)) assert.ok(title in answers, `'${title}' is in the table of differences alone`)
})

for (const [title, ray] of Object.entries(answers))
  test(`as Ray: ${title}`, async () => {
    assert.equal(await answerOf(title), expected(title, ray))
  })

test.run()
