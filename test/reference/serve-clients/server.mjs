// A server for clients of other projects to call: a policy that pushes where the fourth number is positive, as `push`, versions 1 and 2.
// Prints its URL, and ends with its standard input.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../../../dist/serve/index.js'
import { pullPolicy, pushPolicy } from '../../../dist/test/serve/policies.js'

const roots = mkdtempSync(join(tmpdir(), 'gymnura-models-'))
writeFileSync(join(roots, 'pull.safetensors'), pullPolicy())
const server = await serve({ port: 0, modelRoots: [roots] })
await server.publish('push', pullPolicy(), { version: 1 })
await server.publish('push', pushPolicy(), { version: 2 })
console.log(server.url)
process.stdin.on('end', async () => {
  await server.close()
  rmSync(roots, { recursive: true })
})
process.stdin.resume()
