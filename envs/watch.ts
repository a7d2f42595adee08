/** Watching an environment on a page in the browser, and playing it by keyboard. */
import type { Env } from './env.js'
import { InvalidKwargs } from './errors.js'
import { Keyboard } from './keyboard.js'
import { FramePage } from './rendering/frame-page.js'
import type { Seed } from './seeding.js'
import { shown } from './shown.js'

export interface WatchOptions {
  /** Who acts while no key was pressed: random actions unless given. */
  act?: (observation: unknown) => unknown
  /** How the page calls that. */
  actor?: string
  seed?: Seed
  /** Any free one unless told. */
  port?: number
  /** Without end unless told. */
  episodes?: number
  /** Steps a second; the environment's `metadata.renderFps`, or 30, unless told. */
  fps?: number
  /** Ends the watching. */
  signal?: AbortSignal
  onListening?: (url: string) => void
  onEpisode?: (episode: WatchedEpisode) => void
}

export interface WatchedEpisode {
  /** From 1. */
  episode: number
  return: number
  steps: number
  /** Whether keys chose at least one of its actions. */
  byKeyboard: boolean
}

const DEFAULT_FPS = 30
/** How long the last picture of an episode stays. */
const PAUSE_MS = 600
/** Numbers of an array that are told where there is no picture. */
const MOST_TOLD = 64

/**
 * Steps an environment at its frames a second and shows each on a page; resolves with the episodes that ended. The first key of
 * `metadata.keysToAction` that is pressed takes over; Escape gives back. An environment that names none has the usual keys (keyboard.ts).
 *
 * What has no picture is told as text.
 *
 *     await watchEnv(make('CartPole-v1', { renderMode: 'rgb_array' }), { episodes: 1, onListening: (url) => console.log(url) })
 *
 * @throws InvalidKwargs, EnvError (ENVS_PAGE) where the port is taken
 */
export async function watchEnv(env: Env, options: WatchOptions = {}): Promise<WatchedEpisode[]> {
  const { act = () => env.actionSpace.sample(), actor = 'random actions', episodes = Infinity, port = 0, seed, signal } = options
  if (!(episodes === Infinity || (Number.isInteger(episodes) && episodes > 0)))
    throw new InvalidKwargs(`episodes of watchEnv is a positive integer, got ${shown(episodes)}`)
  const fps = options.fps ?? env.metadata.renderFps ?? DEFAULT_FPS
  if (!(fps > 0)) throw new InvalidKwargs(`fps of watchEnv is a positive number, got ${shown(fps)}`)
  const page = new FramePage(env.spec?.id ?? String(env), port)
  const keys = new Keyboard(env)
  const ended: WatchedEpisode[] = []
  try {
    page.explain(keys.help)
    options.onListening?.(page.url)
    let [observation] = env.reset(seed === undefined ? {} : { seed })
    let now: WatchedEpisode = { episode: 1, return: 0, steps: 0, byKeyboard: false }
    let reward = 0
    const show = () => {
      page.show(env.drawing() ?? env.render() ?? `observation ${told(observation)}\nreward ${reward}`)
      page.tell(
        `episode ${now.episode} · step ${now.steps} · return ${Number(now.return.toFixed(3))} · ${keys.playing ? 'you play' : actor}`,
      )
    }
    show()
    while (signal?.aborted !== true) {
      await pause(1000 / fps, signal)
      const chosen = keys.choose(page.takeKeys())
      if (chosen.waits) continue
      if (keys.playing) now.byKeyboard = true
      const result = env.step(keys.playing ? chosen.action : act(observation))
      observation = result[0]
      reward = result[1]
      now = { ...now, return: now.return + result[1], steps: now.steps + 1 }
      show()
      if (!result[2] && !result[3]) continue
      ended.push(now)
      options.onEpisode?.(now)
      if (ended.length >= episodes) break
      await pause(PAUSE_MS, signal)
      ;[observation] = env.reset()
      reward = 0
      now = { episode: now.episode + 1, return: 0, steps: 0, byKeyboard: false }
      show()
    }
    return ended
  } finally {
    page.close()
  }
}

/** An observation as text, with a few digits of each number. */
function told(observation: unknown): string {
  const few = (_key: string, value: unknown) => {
    if (typeof value === 'number') return Number(value.toPrecision(4))
    if (typeof value === 'bigint') return String(value)
    return ArrayBuffer.isView(value) ? Array.from(value as Float32Array).slice(0, MOST_TOLD) : value
  }
  return JSON.stringify(observation, few)
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
