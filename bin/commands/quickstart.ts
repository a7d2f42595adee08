import { once } from 'node:events'
import { access, constants } from 'node:fs/promises'
import { make, spec } from '../../envs/index.js'
import { type Evaluation, PPO } from '../../rl/index.js'
import { type Client, connect, type Server, serve } from '../../serve/index.js'
import { type Command, interruptSignal, print } from '../output.js'

interface QuickstartArguments {
  seed: number
  port: number
  keep: boolean
}

const ENVIRONMENT = 'CartPole-v1'
const APPLICATION = 'cartpole'
const POLICY_FILE = 'cartpole.safetensors'
const EPISODES = 20
/** Episodes played at the same time: several, so that queries meet and are batched. */
const SIDE_BY_SIDE = 4

/** The main job: from nothing to a policy that is trained, saved, live, and played through its endpoint. */
export const quickstartCommand: Command<QuickstartArguments> = {
  command: 'quickstart',
  describe: `Train ${ENVIRONMENT} until solved, serve the policy, play through the endpoint (npm start)`,
  builder: (yargs) =>
    yargs
      .option('seed', { type: 'number', requiresArg: true, default: 1, describe: 'Everything random follows from it' })
      .option('port', { type: 'number', requiresArg: true, default: 0, describe: 'Port on 127.0.0.1; 0 takes a free one' })
      .option('keep', { type: 'boolean', default: false, describe: 'Leave the server up until Ctrl-C' })
      .example('$0 quickstart --keep --port 8080', 'and then ask it yourself'),
  handler: async ({ seed, port, keep, json }) => {
    const say = (text: string) => json || console.log(text)
    const signal = interruptSignal()
    // A port that is taken and a folder that cannot be written are told before the training, not after it.
    await access('.', constants.W_OK)
    const server = await serve({ port })
    try {
      const trained = await train(seed, say, signal)
      if (!trained) return
      const { evaluation, trainSeconds } = trained
      await server.publish(APPLICATION, POLICY_FILE)
      say(`${server.url}/${APPLICATION}/predict is live`)
      say(`playing ${EPISODES} episodes through it …`)
      const client = connect(server.url)
      const played = await play(client, seed, signal)
      client.close()
      if (signal.aborted) return
      report(server, played, say)
      const { meanReturn, p50Ms, p99Ms } = played
      say(nextSteps(server.url, keep))
      const result = {
        return: meanReturn,
        trainedReturn: evaluation.meanReward,
        trainSeconds,
        p50Ms,
        p99Ms,
        url: server.url,
        metrics: server.metrics(),
      }
      const line = `result return=${meanReturn.toFixed(1)} train_s=${trainSeconds.toFixed(1)} p50_ms=${p50Ms.toFixed(2)} p99_ms=${p99Ms.toFixed(2)}`
      print(json, result, line)
      if (keep) await once(signal, 'abort')
      process.exitCode = 0
    } finally {
      await server.close()
    }
  },
}

interface Trained {
  readonly evaluation: Evaluation
  readonly trainSeconds: number
}

/** Undefined where Ctrl-C came first. */
async function train(seed: number, say: (text: string) => void, signal: AbortSignal): Promise<Trained | undefined> {
  const threshold = spec(ENVIRONMENT).rewardThreshold!
  say(`training PPO on ${ENVIRONMENT} until its greedy mean return over 100 fresh episodes is at least ${threshold}`)
  const agent = new PPO(ENVIRONMENT, { seed })
  const startedAt = performance.now()
  await agent.learn(undefined, { progress: true, stopAtReturn: threshold, signal })
  const trainSeconds = (performance.now() - startedAt) / 1000
  const last = agent.evaluation
  if (signal.aborted) return undefined
  if (!last || last.meanReward < threshold) {
    throw new Error(`not solved after ${agent.steps} steps (return ${last?.meanReward ?? 'unknown'}); try another --seed`)
  }
  await agent.save(POLICY_FILE)
  say(
    `solved after ${agent.steps.toLocaleString('en-US')} steps in ${trainSeconds.toFixed(1)} s: return ${last.meanReward.toFixed(1)}; saved ${POLICY_FILE}`,
  )
  return { evaluation: last, trainSeconds }
}

interface Played {
  readonly meanReturn: number
  readonly predictions: number
  readonly defaults: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Plays whole episodes with the actions that the endpoint answers. */
async function play(client: Client, seed: number, signal: AbortSignal): Promise<Played> {
  const returns: number[] = []
  const latencies: number[] = []
  let defaults = 0
  const episodes = Array.from({ length: EPISODES }, (_, episode) => 1_000_000 + 1_000 * seed + episode)
  const player = async () => {
    const env = make(ENVIRONMENT)
    for (let episode = episodes.shift(); episode !== undefined && !signal.aborted; episode = episodes.shift()) {
      let [observation] = env.reset({ seed: episode })
      let total = 0
      for (let over = false; !over && !signal.aborted; ) {
        const startedAt = performance.now()
        const { output, default: isDefault } = await client.predict(APPLICATION, observation)
        latencies.push(performance.now() - startedAt)
        if (isDefault) defaults++
        const [next, reward, terminated, truncated] = env.step(output as number)
        observation = next
        total += reward
        over = terminated || truncated
      }
      returns.push(total)
    }
    env.close()
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, player))
  latencies.sort((a, b) => a - b)
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))]
  const meanReturn = returns.reduce((sum, total) => sum + total, 0) / returns.length
  return { meanReturn, predictions: latencies.length, defaults, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

function report(server: Server, { meanReturn, predictions, defaults, p50Ms, p99Ms }: Played, say: (text: string) => void): void {
  const { models, cache } = server.metrics()
  const batches = Object.entries(models[0].batchSizes).map(([size, count]) => `${count} of ${size}`)
  say(`${EPISODES} episodes through the endpoint: mean return ${meanReturn.toFixed(1)}`)
  say(
    `${predictions.toLocaleString('en-US')} predictions, ${SIDE_BY_SIDE} at a time: p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ${defaults} defaults`,
  )
  say(`batches: ${batches.join(', ')}; cache: ${cache.hits} hits, ${cache.joins} joined, ${cache.misses} misses`)
}

function nextSteps(url: string, keep: boolean): string {
  const ask = keep
    ? `  npx gymnura predict ${APPLICATION} --input "[0, 0, 0.1, 0]" --url ${url}`
    : `  npx gymnura serve --policy ${POLICY_FILE}          serve it again, then: npx gymnura predict cartpole --input "[0, 0, 0.1, 0]"`
  return ['next:', `  npx gymnura eval ${POLICY_FILE} --seed 7`, ask, `  npx gymnura train ${ENVIRONMENT} --seed 2`].join('\n')
}
