import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inFolder, until } from '../serve/tools.js'
import { Running } from './command.js'

/** The README's tour, as it is typed there. */
const TOUR = `
npx gymnura train CartPole-v1 --steps 512 --out runs/early
npx gymnura train CartPole-v1 --out runs/solved
npx gymnura serve --state file:./state &
npx gymnura publish runs/early/policy.safetensors --name cart
npx gymnura publish runs/solved/policy.safetensors --name cart
npx gymnura register balance --selection exp3 --default 0 --link cart:1 cart:2
npx gymnura top
npx gymnura play balance CartPole-v1 --episodes 20
npx gymnura containers
kill -9 PID
npx gymnura predict balance --input "[0, 0, 0.1, 0]"
npx gymnura containers
npx gymnura logs --model cart
npx gymnura rollback cart
npx gymnura models
kill %1
npx gymnura serve --state file:./state &
npx gymnura apps
`
  .trim()
  .split('\n')

/** The words of a command line, without the program's and the shell's. */
const words = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain!)
    .filter((word) => !['npx', 'gymnura', '&'].includes(word))

test('the tour of the README does what it says: the better version is preferred, a killed container comes back, a rollback rolls back', () =>
  inFolder(async (folder) => {
    const lines = TOUR.values()
    let server: Running | undefined
    let url = ''
    const start = (line: string, more: string[] = []) => new Running(folder, [...words(line), ...more], { GYMNURA_URL: url })
    /** Runs the next line, which has to begin so. */
    const next = async (begins: string): Promise<string> => {
      const { value: line = '' } = lines.next()
      assert.ok(line.startsWith(begins), `${line} is not ${begins}`)
      const { code, stdout, stderr } = await start(line).ended
      assert.is(code, 0, `${line}: ${stderr}`)
      return stdout
    }
    const skip = (line: string) => assert.is(lines.next().value, line)
    const serve = async () => {
      server = start(lines.next().value!, ['--port', '0'])
      url = (await server.said(/serving on ([^;]+);/))[1]!
    }
    const weights = async () => {
      const { stdout } = await start('top --json --count 1 --interval 0.1').ended
      const { applications } = JSON.parse(stdout) as { applications: { name: string; arms: { name: string; weight: number }[] }[] }
      return applications.find(({ name }) => name === 'balance')!.arms
    }
    try {
      assert.match(await next('npx gymnura train'), /mean training return \d+\.\d after 512 steps/)
      assert.match(await next('npx gymnura train'), /greedy mean return 4[7-9]\d|500/)
      await serve()
      assert.match(await next('npx gymnura publish'), /cart version 1 is live/)
      assert.match(await next('npx gymnura publish'), /cart version 2 is live/)
      assert.match(await next('npx gymnura register'), /balance is registered/)
      skip('npx gymnura top')
      const top = start('npx gymnura top', ['--interval', '0.2'])
      const played = await next('npx gymnura play')
      assert.match(played, /20 episodes, [\d,]+ queries in \d+\.\d s: mean return/)
      await top.said(/balance [\d,.]+\/s, p50 .*cart:1 [\d.]+ %, cart:2 [\d.]+ %/)
      top.process.kill('SIGINT')
      const [early, solved] = await weights()
      assert.ok(solved!.weight > early!.weight, JSON.stringify([early, solved]))
      const before = await next('npx gymnura containers')
      const pid = Number(/cart:2 +0 +(\d+) +ready +0/.exec(before)?.[1])
      skip('kill -9 PID')
      process.kill(pid, 'SIGKILL')
      assert.match(await next('npx gymnura predict'), /^[01] {2}\(query \d+\)/)
      await until(async () => /cart:2 +0 +\d+ +ready +1/.test((await start('containers').ended).stdout))
      assert.match(await next('npx gymnura containers'), /cart:2 +0 +\d+ +ready +1/)
      assert.match(await next('npx gymnura logs'), new RegExp(`error cart:2 a container was lost and is started again containerPid=${pid}`))
      assert.is(await next('npx gymnura rollback'), 'cart version 1 answers\n')
      assert.match(await next('npx gymnura models'), /^\* cart:1 .*\n {2}cart:2 /)
      skip('kill %1')
      server!.process.kill('SIGTERM')
      await server!.ended
      await serve()
      assert.match(await next('npx gymnura apps'), /balance +100 ms +exp3 +0 +cart:1, cart:2/)
      const [kept] = await weights()
      assert.ok(Math.abs(kept!.weight - early!.weight) < 1e-9, 'what was learned is kept')
      assert.is(lines.next().done, true)
    } finally {
      server?.process.kill('SIGINT')
      await server?.ended
    }
  }))

test('the README has the tour as it is tested', () => {
  const file = fileURLToPath(new URL('../../../README.md', import.meta.url))
  if (!existsSync(file)) return
  const [, section] = /^#+ .*tour.*$([\s\S]*?)^#/im.exec(readFileSync(file, 'utf8')) ?? []
  if (section === undefined) return
  const typed = [...section.matchAll(/^\$ (.+)$/gm)].map(([, line]) => line!.replace(/ +#.*$/, ''))
  assert.equal(
    typed.map((line) => line.replace(/^kill -9 \d+$/, 'kill -9 PID')),
    TOUR,
  )
})

test.run()
