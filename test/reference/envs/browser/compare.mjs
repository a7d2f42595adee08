// Opens a page without cross-origin isolation in Chromium: it steps kernels and MuJoCo there, and the numbers must be Node's to the bit.
//   node compare.mjs FOLDER   FOLDER/node_modules has playwright-core; $CHROMIUM is the browser's path (/usr/bin/chromium without)
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as ours from '../../../../dist/envs/index.js'
import { play } from './episodes.mjs'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const { chromium } = createRequire(join(process.argv[2], 'package.json'))('playwright-core')

/** What a bundler would find by itself. */
const IMPORTS = {
  '@mujoco/mujoco': '/node_modules/@mujoco/mujoco/mujoco.js',
  'fastest-levenshtein': '/node_modules/fastest-levenshtein/esm/mod.js',
  gifenc: '/node_modules/gifenc/dist/gifenc.esm.js',
  planck: '/node_modules/planck/dist/planck.mjs',
}
const PAGE = `<!doctype html><meta charset="utf-8"><title>gymnura</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module">
import * as envs from '/dist/envs/index.js'
import { play } from '/test/reference/envs/browser/episodes.mjs'
window.told = { isolated: self.crossOriginIsolated, threads: typeof SharedArrayBuffer, played: await play(envs) }
</script>`
/** Box2D takes the engine's own sines, which differ from one version of V8 to another: only its reset can be compared to the bit. */
const OTHER_SINES = 'LunarLander-v3'
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' }

/** Files of the repository, without the headers that would isolate a page. */
const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://page').pathname
  if (path === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
  try {
    const file = await readFile(join(root, normalize(path)))
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(file)
  } catch {
    response.writeHead(404).end()
  }
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })

let passed = 0
let failed = 0
function check(title, holds, otherwise = '') {
  if (holds) passed++
  else failed++
  if (!holds) console.log(`FAIL ${title}${otherwise && `: ${otherwise}`}`)
}

try {
  const page = await browser.newPage()
  const problems = []
  page.on('pageerror', (error) => problems.push(`${error}`))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(`http://127.0.0.1:${server.address().port}/`)
  await page.waitForFunction(() => window.told !== undefined, undefined, { timeout: 60_000 }).catch((error) => problems.push(`${error}`))
  const told = await page.evaluate(() => window.told)
  check('the page loads and plays', told !== undefined, problems.join('; '))
  check('the page is not isolated and has no SharedArrayBuffer', told?.isolated === false && told?.threads === 'undefined')
  const expected = await play(ours)
  for (const [id, own] of Object.entries(expected)) {
    const seen = told?.played[id]
    const theirs = id === OTHER_SINES ? [seen?.steps.split(' ')[0], own.steps.split(' ')[0]] : [seen?.steps, own.steps]
    check(`${id}: in the page the numbers are Node's`, theirs[0] === theirs[1], `the last are ${seen?.last}, in Node ${own.last}`)
    check(`${id}: in the page the memory is not shared`, seen?.memory === 'ArrayBuffer', seen?.memory)
  }
} finally {
  await browser.close()
  server.close()
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed ? 1 : 0
