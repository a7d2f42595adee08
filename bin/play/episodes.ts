/** Episodes of an environment whose every action an application is asked for, and told how good it was. */
import { make } from '../../envs/index.js'
import type { Client } from '../../serve/index.js'

export interface PlayOptions {
  readonly environment: string
  readonly application: string
  readonly episodes: number
  /** Episodes at the same time. */
  readonly parallel: number
  /** An action's reward is the mean reward of so many steps from it on; what comes after the end of an episode counts as 0. */
  readonly horizon: number
  /** Whether rewards are told. */
  readonly feedback: boolean
  readonly seed: number
}

export interface Played {
  readonly steps: number
  readonly return: number
  /** Answers that were the application's default. */
  readonly defaults: number
  /** Why feedback was not taken, where it was not. */
  readonly refused: string | undefined
}

interface Acted {
  readonly queryId: number
  readonly rewards: number[]
}

/** Feedback on its way while the episode goes on. */
const MOST_TELLING = 16

/** What the environments' `step` and `reset` give, as far as it is looked at here. */
type Observation = number | ArrayLike<number>

/** Plays, and tells of each episode as it ends; stops early where `signal` fires. @throws ServeError as a client's calls */
export async function play(client: Client, options: PlayOptions, tell: (played: Played) => void, signal: AbortSignal): Promise<void> {
  const { episodes, parallel, seed, environment } = options
  let next = 0
  const player = async () => {
    const env = make(environment)
    try {
      while (next < episodes && !signal.aborted) {
        const played = await playOne(client, env, options, seed + next++, signal)
        if (!signal.aborted) tell(played)
      }
    } finally {
      env.close()
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, episodes) }, player))
}

async function playOne(
  client: Client,
  env: ReturnType<typeof make>,
  { application, horizon, feedback }: PlayOptions,
  seed: number,
  signal: AbortSignal,
): Promise<Played> {
  const waiting: Acted[] = []
  const telling = new Set<Promise<unknown>>()
  let failure: unknown
  let refused: string | undefined
  const tellOldest = async (window: number) => {
    const { queryId, rewards } = waiting.shift()!
    const reward = rewards.reduce((sum, one) => sum + one, 0) / window
    const told = client.feedback(application, { queryId, reward }).then(
      ({ accepted, reason }) => {
        if (!accepted) refused = reason
      },
      (error: unknown) => {
        failure ??= error
      },
    )
    telling.add(told)
    void told.then(() => telling.delete(told))
    if (telling.size >= MOST_TELLING) await Promise.race(telling)
    if (failure !== undefined) throw failure
  }
  let [observation] = env.reset({ seed }) as [Observation, unknown]
  let [steps, total, defaults] = [0, 0, 0]
  for (let over = false; !over && !signal.aborted; ) {
    const input = typeof observation === 'number' ? [observation] : observation
    const { output, queryId, default: isDefault } = await client.predict(application, input)
    const [after, reward, terminated, truncated] = env.step(output)
    observation = after as Observation
    over = terminated || truncated
    steps++
    total += reward
    if (isDefault) defaults++
    // What is said of the default says nothing of the models.
    if (feedback && !isDefault) waiting.push({ queryId, rewards: [] })
    for (const { rewards } of waiting) rewards.push(reward)
    if (waiting[0]?.rewards.length === horizon) await tellOldest(horizon)
    // An episode that was only cut short says nothing of what would have come.
    while (over && waiting.length > 0) await tellOldest(terminated ? horizon : waiting[0]!.rewards.length)
  }
  await Promise.all(telling)
  if (failure !== undefined) throw failure
  return { steps, return: total, defaults, refused }
}
