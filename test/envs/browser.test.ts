import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const folder = fileURLToPath(new URL('../../envs/', import.meta.url))

test('no file of envs but those that Node starts as threads imports from Node, so that all of it runs in a browser', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.js') && !file.endsWith('-worker.js'),
  )
  assert.ok(files.length > 20)
  const offenders = files.filter((file) =>
    /from 'node:|import\('node:|\b(process|Buffer|require)\b[.(]/.test(readFileSync(join(folder, file), 'utf8')),
  )
  assert.equal(offenders, [])
})

test.run()
