// A server whose every call is to be tried: a policy as `push`, versions 1 and 2. What a call deletes is put back.
// Prints its URL, and ends with its standard input.
import { serve } from '../../../dist/serve/index.js'
import { pullPolicy, pushPolicy } from '../../../dist/test/serve/policies.js'

const PUT_BACK_EVERY_MS = 100
const server = await serve({ port: 0 })
const wanted = { 1: pullPolicy(), 2: pushPolicy() }

async function putBack() {
  const there = new Set((await server.listModels()).map(({ name, version }) => `${name}:${version}`))
  for (const [version, policy] of Object.entries(wanted))
    if (!there.has(`push:${version}`)) await server.publish('push', policy, { version, isolation: 'inline' })
  const applications = (await server.listApplications()).map(({ name }) => name)
  if (applications.includes('push')) return
  await server.registerApplication({ name: 'push', defaultOutput: 0 })
  await server.link('push', 'push')
}

await putBack()
const timer = setInterval(() => void putBack().catch(() => {}), PUT_BACK_EVERY_MS)
console.log(server.url)
process.stdin.on('end', async () => {
  clearInterval(timer)
  await server.close()
})
process.stdin.resume()
