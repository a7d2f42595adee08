import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const FULL_DISK = '/dev/full'
const onlyWhere = existsSync(FULL_DISK) ? test : test.skip

onlyWhere('a log that cannot be written, as on a full disk, does not end the serving', async () => {
  const program = `
    import { connect, serve } from 'gymnura/serve'
    const server = await serve({ port: 0, logLevel: 'info' })
    await server.registerApplication({ name: 'empty', defaultOutput: 7 })
    const client = connect(server.url)
    console.log((await client.predict('empty', [1])).output)
    client.close()
    await server.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', openSync(FULL_DISK, 'w')] })
  let answer = ''
  child.stdout!.on('data', (chunk) => {
    answer += chunk
  })
  const [code] = await once(child, 'close')
  assert.equal([answer.trim(), code], ['7', 0])
})

test.run()
