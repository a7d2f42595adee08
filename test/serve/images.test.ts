import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const images = join(root, 'serve', 'containers', 'images')

test('there is a Containerfile for each kind that runs in a program of its own, and what it starts is in the package', () => {
  const files = readdirSync(images).filter((file) => file.startsWith('Containerfile.'))
  assert.equal(files.map((file) => file.split('.')[1]).sort(), ['function', 'onnx', 'policy', 'python', 'tfjs'])
  for (const file of files) {
    const text = readFileSync(join(images, file), 'utf8')
    const [program] = /[\w/.-]*(container-main\.js|gymnura_container\.py)/.exec(text.slice(text.indexOf('CMD')))!
    const path = program.endsWith('.py') ? 'serve/containers/python/gymnura_container.py' : program.slice(program.indexOf('dist/'))
    assert.ok(readFileSync(join(root, path)).length > 0, path)
    assert.match(text, /^USER (node|nobody)$/m)
  }
})

test.run()
