import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cappedCubicVideoSchedule, make, type RGBFrame, saveVideo, wrappers } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code, temporaryFolder, warnings } from './helpers.js'

const STEPS = 4

function frames(): RGBFrame[] {
  const env = make('CartPole-v1', { renderMode: 'rgb_array_list', maxEpisodeSteps: STEPS })
  env.reset({ seed: 1 })
  for (let t = 0; t < STEPS; t++) env.step(t % 2)
  return env.render() as unknown as RGBFrame[]
}

const folder = () => join(temporaryFolder('save-video'), 'videos')

test('saveVideo writes what RecordVideo does of the same episode', () => {
  const [saved, recorded] = [folder(), folder()]
  const env = new wrappers.RecordVideo(make('CartPole-v1', { renderMode: 'rgb_array', maxEpisodeSteps: STEPS }), {
    videoFolder: recorded,
    formats: ['gif'],
  })
  env.reset({ seed: 1 })
  for (let t = 0; t < STEPS; t++) env.step(t % 2)
  env.close()
  const list = frames()
  assert.is(list.length, STEPS + 1)
  const files = saveVideo(list, { videoFolder: saved, formats: ['gif'], fps: 50, episodeIndex: 0 })
  assert.equal(files, [join(saved, 'rl-video-episode-0.gif')])
  assert.equal(readFileSync(files[0]!), readFileSync(join(recorded, 'rl-video-episode-0.gif')))
})

test('saveVideo asks its triggers: by the number of the episode, and of the steps after the reset', () => {
  const videoFolder = folder()
  const given = { videoFolder, formats: ['gif'] as const }
  assert.equal(saveVideo(frames(), { ...given, episodeIndex: 2 }), [])
  saveVideo(frames(), { ...given, episodeIndex: 8, videoLength: 2, namePrefix: 'mine' })
  assert.equal(
    warnings(() => saveVideo(frames(), { ...given, stepTrigger: (step) => step % 2 === 0, stepStartingIndex: 7 })),
    [],
  )
  assert.equal(readdirSync(videoFolder).sort(), ['mine-episode-8.gif', 'rl-video-step-10.gif', 'rl-video-step-8.gif'])
  const bytes = (name: string) => readFileSync(join(videoFolder, name)).length
  assert.ok(bytes('mine-episode-8.gif') < bytes('rl-video-step-8.gif'))
})

test('saveVideo refuses what is no list of frames, and options it does not know', () => {
  assert.is(
    code(() => saveVideo(null as never, { videoFolder: folder() })),
    'ENVS_INVALID_KWARGS',
  )
  assert.is(
    code(() => saveVideo([], { videoFolder: folder(), codec: 'x' } as never)),
    'ENVS_INVALID_KWARGS',
  )
})

test('the schedule of videos is cubes up to 1000, then every 1000th episode', () => {
  const recorded = Array.from({ length: 3001 }, (_, episode) => episode).filter(cappedCubicVideoSchedule)
  assert.equal(recorded, [0, 1, 8, 27, 64, 125, 216, 343, 512, 729, 1000, 2000, 3000])
})

test.run()
