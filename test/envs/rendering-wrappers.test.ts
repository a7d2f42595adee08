import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { make, type RGBFrame, wrappers } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code, temporaryFolder, warnings } from './helpers.js'

const { HumanRendering, RecordVideo, RenderCollection } = wrappers
const cartPole = (renderMode: string | null = 'rgb_array', maxEpisodeSteps = 4) => make('CartPole-v1', { renderMode, maxEpisodeSteps })

/** How many pictures a GIF has, and its size. */
function gifFacts(path: string): { pictures: number; width: number; height: number } {
  const bytes = readFileSync(path)
  assert.is(bytes.toString('latin1', 0, 6), 'GIF89a')
  const palette = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  let at = 13 + palette(bytes[10]!)
  let pictures = 0
  while (bytes[at] !== 0x3b) {
    const picture = bytes[at] === 0x2c
    at += picture ? 11 + palette(bytes[at + 9]!) : 2
    while (bytes[at] !== 0) at += bytes[at]! + 1
    at++
    if (picture) pictures++
  }
  return { pictures, width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
}

test('RecordVideo writes a GIF of each episode that its trigger names, first and last picture included', () => {
  const folder = join(temporaryFolder('video'), 'videos')
  const env = new RecordVideo(cartPole(), { videoFolder: folder, formats: ['gif'] })
  for (let episode = 0; episode < 4; episode++) {
    env.reset({ seed: episode })
    for (let t = 0; t < 4; t++) env.step(t % 2)
  }
  env.close()
  assert.equal(readdirSync(folder).sort(), ['rl-video-episode-0.gif', 'rl-video-episode-1.gif'])
  assert.equal(gifFacts(join(folder, 'rl-video-episode-1.gif')), { pictures: 5, width: 600, height: 400 })
  assert.match(warnings(() => new RecordVideo(cartPole(), { videoFolder: folder, formats: ['gif'] })).join(), /will be overwritten/)
})

test('RecordVideo begins at a step and ends after a length, and close writes what is there', () => {
  const folder = join(temporaryFolder('video'), 'videos')
  const env = new RecordVideo(cartPole(), {
    videoFolder: folder,
    stepTrigger: (step) => step === 1 || step === 6,
    videoLength: 2,
    namePrefix: 'cart',
    formats: ['gif'],
  })
  env.reset({ seed: 1 })
  for (let t = 0; t < 7; t++) env.step(t % 2)
  assert.equal(
    env.videoFiles.map((path) => gifFacts(path).pictures),
    [3],
  )
  env.close()
  assert.equal(
    env.videoFiles.map((path) => path.slice(folder.length + 1)),
    ['cart-step-1.gif', 'cart-step-6.gif'],
  )
})

test('RecordVideo and others refuse environments that give no pictures, and formats that do not exist', () => {
  for (const make of [
    () => new RecordVideo(cartPole('ansi'), { videoFolder: tmpdir() }),
    () => new RecordVideo(cartPole(null), { videoFolder: tmpdir() }),
    () => new HumanRendering(cartPole(null)),
    () => new RenderCollection(cartPole(null)),
    () => new wrappers.AddRenderObservation(cartPole('ansi')),
    () => new wrappers.AddWhiteNoise(cartPole(null), { probabilityOfNoisePerPixel: 0.1 }),
  ]) {
    assert.is(code(make), 'ENVS_UNSUPPORTED_MODE', String(make))
  }
  for (const options of [
    { videoFolder: '' },
    { videoFolder: tmpdir(), formats: ['avi'] },
    { videoFolder: tmpdir(), videoLength: -1 },
    { videoFolder: tmpdir(), videoFolders: 1 },
  ]) {
    assert.is(
      code(() => new RecordVideo(cartPole(), options as never)),
      'ENVS_INVALID_KWARGS',
      JSON.stringify(options),
    )
  }
})

test('an mp4 is written where ffmpeg is, and where it is not that is said', () => {
  const folder = join(temporaryFolder('video'), 'videos')
  if (spawnSync('ffmpeg', ['-version']).status !== 0) {
    assert.is(
      code(() => new RecordVideo(cartPole(), { videoFolder: folder, formats: ['mp4'] })),
      'ENVS_NO_FFMPEG',
    )
    return
  }
  const env = new RecordVideo(cartPole(), { videoFolder: folder })
  env.reset({ seed: 1 })
  for (let t = 0; t < 4; t++) env.step(t % 2)
  env.close()
  assert.equal(readdirSync(folder).sort(), ['rl-video-episode-0.gif', 'rl-video-episode-0.mp4'])
  assert.is(readFileSync(join(folder, 'rl-video-episode-0.mp4')).toString('latin1', 4, 8), 'ftyp')
})

test('a render mode that ends in _list collects a frame a step, given once', () => {
  const env = make('CartPole-v1', { renderMode: 'ansi_list' })
  assert.is(env.renderMode, 'ansi_list')
  assert.is(env.spec!.kwargs.renderMode, 'ansi_list')
  env.reset({ seed: 1 })
  env.step(0)
  env.step(1)
  const frames = env.render() as unknown as string[]
  assert.is(frames.length, 3)
  assert.is(new Set(frames).size, 3)
  assert.equal(env.render(), [])
  const kept = new RenderCollection(cartPole(), { popFrames: false, resetClean: false })
  for (let episode = 0; episode < 2; episode++) {
    kept.reset()
    kept.step(0)
  }
  assert.equal([(kept.render() as unknown as RGBFrame[]).length, (kept.render() as unknown as RGBFrame[]).length], [4, 4])
})

test('what RecordVideo took of a list of frames is still given by render', () => {
  const folder = join(temporaryFolder('video'), 'videos')
  const env = new RecordVideo(make('CartPole-v1', { renderMode: 'rgb_array_list' }), { videoFolder: folder, formats: ['gif'] })
  env.reset({ seed: 1 })
  env.step(0)
  assert.is((env.render() as unknown as RGBFrame[]).length, 2)
  env.step(1)
  env.close()
  assert.is(gifFacts(env.videoFiles[0]!).pictures, 3)
})

/** Reads the page's stream of events until one satisfies. */
async function event(url: string, wanted: (data: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  const response = await fetch(new URL('events', url))
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) throw new Error('the stream ended')
    text += value
    for (const line of text.split('\n').filter((line) => line.startsWith('data: ') && line.endsWith('}'))) {
      const data = JSON.parse(line.slice(6)) as Record<string, unknown>
      if (!wanted(data)) continue
      await reader.cancel()
      return data
    }
  }
}

test("renderMode 'human' shows shapes on a page that answers even while the program does not pause", async () => {
  const env = make('CartPole-v1', { renderMode: 'human' }) as InstanceType<typeof HumanRendering>
  assert.instance(env, HumanRendering)
  assert.is(env.render(), null)
  env.reset({ seed: 1 })
  const started = performance.now()
  for (let t = 0; t < 5; t++) env.step(t % 2)
  assert.ok(performance.now() - started > 60, 'five frames of fifty a second take 100 ms')
  const { shapes, title } = await event(env.url, (data) => 'shapes' in data)
  assert.is(title, 'CartPole-v1')
  const { width, height, shapes: list } = shapes as { width: number; height: number; shapes: [string, ...unknown[]][] }
  assert.equal([width, height], [600, 400])
  assert.ok(list.some(([name]) => name === 'polygon'))
  const page = await (await fetch(env.url)).text()
  assert.match(page, /paintOn/)
  assert.match(await (await fetch(new URL('rendering/browser-canvas.js', env.url))).text(), /export function paintOn/)
  assert.is((await fetch(new URL('rendering/../../package.json', env.url))).status, 404)
  assert.is((await fetch(new URL('keys', env.url), { method: 'POST', body: '[]' })).status, 415)
  env.close()
})

test('a program given on the command line has a page too, and is told where it is', () => {
  const script = `
    import { make } from ${JSON.stringify(import.meta.resolve('gymnura/envs'))}
    const env = make('CartPole-v1', { renderMode: 'human' })
    env.reset()
    env.close()`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 60_000 })
  assert.is(status, 0, stderr)
  assert.match(stderr, /^gymnura\/envs: CartPole-v1 is shown at http:\/\/127\.0\.0\.1:\d+\/\n$/)
})

test('the page is closed to other hosts, and a taken port is said', async () => {
  const env = new HumanRendering(cartPole())
  const { port } = new URL(env.url)
  const { request } = await import('node:http')
  const status = await new Promise((resolve) =>
    request({ port, host: '127.0.0.1', headers: { host: 'evil.example' } }, (response) => resolve(response.resume().statusCode)).end(),
  )
  assert.is(status, 403)
  assert.is(
    code(() => new HumanRendering(cartPole(), { port: Number(port) })),
    'ENVS_PAGE',
  )
  env.close()
})

test.run()
