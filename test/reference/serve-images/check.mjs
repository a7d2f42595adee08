// Publishes the image, asks it, kills its container, and looks that nothing is left: node check.mjs IMAGE
import { execFileSync } from 'node:child_process'
import { connect, serve } from '../../../dist/serve/index.js'
import { check, printTally } from '../tally.mjs'

const image = process.argv[2]
const podman = (...args) => execFileSync('podman', args, { encoding: 'utf8' }).trim()
const running = () => podman('ps', '--quiet', '--filter', `ancestor=${image}`)
async function until(holds) {
  for (let tries = 0; tries < 600 && !holds(); tries++) await new Promise((resolve) => setTimeout(resolve, 100))
  return holds()
}

const server = await serve({ port: 0, logLevel: 'silent', allow: ['image'] })
const client = connect(server.url)
const limits = { memoryMB: 256, niceness: 5, startMs: 60_000, env: { GREETING: 'hello' } }
await server.publish('sum', image, { kind: 'image', limits, application: false })
await server.registerApplication({ name: 'sum', defaultOutput: null, sloMs: 60_000 })
await server.link('sum', 'sum')
check('one container runs', running().split('\n').length === 1)
check('it answers', (await client.predict('sum', [1, 2])).output === 3)
const { HostConfig, Config } = JSON.parse(podman('inspect', running()))[0]
check('its memory is bounded', HostConfig.Memory === 256 * 2 ** 20, HostConfig.Memory)
check('it goes behind others', HostConfig.CpuShares > 0 && HostConfig.CpuShares < 1024, HostConfig.CpuShares)
check('it has the variables', Config.Env.includes('GREETING=hello'))
check('it has no capabilities', (HostConfig.CapAdd ?? []).length === 0 && (HostConfig.CapDrop ?? []).length > 0)
podman('kill', running())
const replica = () => server.metrics().models[0].replicas[0]
check('one that is killed comes back', await until(() => replica().restarts === 1 && replica().ready))
check('and answers', (await client.predict('sum', [5, 6])).output === 11)
client.close()
await server.close()
check('none is left behind', await until(() => running() === ''), running())
printTally()
