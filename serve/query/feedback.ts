import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'
import type { Application, ArmTally } from '../registry/application.js'
import type { ModelVersion } from '../registry/model.js'
import { type Label, lossesOfReward, lossOfLabel } from '../selection/losses.js'
import type { FeedbackEntry, State } from '../state/state.js'
import { AnsweredQueries } from './answered.js'
import type { PredictionCache } from './cache.js'
import type { Exchange } from './exchange.js'
import type { Inputs } from './inputs.js'
import type { Prediction } from './prediction.js'

/** So many answered queries wait for feedback, or as many as fit; later ones push the oldest out. A power of two. */
const QUERIES_KEPT = 65_536
const MOST_BYTES = 32 * 1024 ** 2
/** A prediction that feedback asks for is given up after this. */
const EVALUATION_LIMIT_MS = 1_000

/** What feedback says of an answer: how good it was, or what it should have been. */
export type Verdict = { readonly reward: number } | { readonly label: Label }

/** What became of feedback. */
export interface FeedbackResult {
  readonly accepted: boolean
  /** Why not. */
  readonly reason?: string
}

/**
 * Joins feedback to the prediction it is about, by query id, at most once each; the bandit learns from it, and it goes to the
 * feedback log. What was answered is kept in memory only, since writing every answer down would cost more than answering: feedback on what
 * a server answered that has ended since is refused, with the reason.
 */
export class FeedbackDesk {
  readonly #answered = new AnsweredQueries(QUERIES_KEPT, MOST_BYTES)

  constructor(
    private readonly state: State,
    private readonly cache: PredictionCache,
  ) {}

  /** Keeps what feedback will be joined to, where feedback has any use. */
  answered(application: Application, exchange: Exchange, inputs: Inputs): void {
    if (this.#keeps(application)) this.#answered.keep(application, inputs, exchange)
  }

  /**
   * Resolves once what was learned is kept.
   * @throws ServeError `QUERY_INVALID` for a reward outside the application's range
   */
  async feedback(application: Application, queryId: number, verdict: Verdict): Promise<FeedbackResult> {
    if ('reward' in verdict) lossOfReward(application, verdict.reward)
    if (this.#answered.get(queryId) !== undefined || !this.#keeps(application)) return this.given(application, queryId, verdict)
    // Another frontend may have answered it.
    const told = await this.state.shared?.forward(application.name, queryId, verdict)
    return (told as FeedbackResult | undefined) ?? this.given(application, queryId, verdict)
  }

  #keeps(application: Application): boolean {
    return application.bandit.policy.learns || this.state.keepsFeedback
  }

  /** Feedback on a query that was answered here. @throws as `feedback` */
  async given(application: Application, queryId: number, verdict: Verdict): Promise<FeedbackResult> {
    const loss = 'reward' in verdict ? lossOfReward(application, verdict.reward) : undefined
    const answered = this.#answered.get(queryId)
    if (answered === undefined || answered.application !== application)
      return { accepted: false, reason: this.#unknown(application, queryId) }
    const { inputs, row, user, probability, predictions, outputJson: given } = answered
    const isDefault = given === undefined
    const output = given ?? application.defaultJson
    // A reward for the default says nothing about the models.
    const ofReward = (loss: number) => (isDefault ? predictions.map(() => undefined) : lossesOfReward(predictions, output, loss))
    const losses = 'label' in verdict ? lossesOfLabel(predictions, verdict.label) : ofReward(loss!)
    const said = predictions.find((prediction) => prediction !== undefined)
    // Were it accepted, nobody would learn from it, and the right label would come too late.
    if ('label' in verdict && application.bandit.policy.learns && said !== undefined && losses.every((loss) => loss === undefined))
      return { accepted: false, reason: incomparable(verdict.label, said) }
    if (!this.#answered.tell(queryId)) return { accepted: false, reason: before(queryId) }
    const { bandit } = application
    const arms = answered.names ?? bandit.arms.slice(0, 1)
    try {
      const lesson = await bandit.lesson(user, arms, probability, losses)
      const entry: FeedbackEntry = {
        time: new Date().toISOString(),
        application: application.name,
        queryId,
        user,
        input: inputs.values(row),
        output: JSON.parse(output) as FeedbackEntry['output'],
        default: isDefault,
        arms,
        probability,
        ...verdict,
      }
      const learned = await this.state.learn({ ...lesson, queryId, ...(this.state.keepsFeedback && { entry }) })
      bandit.heard(user, learned)
      if (learned.repeated) return { accepted: false, reason: before(queryId) }
      for (const [i, loss] of losses.entries()) if (loss !== undefined) tell(application.tally(arms[i]!), loss)
    } catch (error) {
      // It was not kept, or nobody knows whether it was: it may be given again.
      this.#answered.untell(queryId)
      throw error
    }
    return { accepted: true }
  }

  #unknown(application: Application, queryId: number): string {
    const { name } = application
    if (!this.#keeps(application)) {
      return `"${name}" does not learn from feedback, and this server keeps no feedback log; register it with selection "exp3", or serve with state "file:..."`
    }
    const gone = this.state.shared === undefined ? ', or from before this server was started' : ', or of a server that has ended since'
    return `query ${queryId} of "${name}" is not known here: it is one of another application${gone}, or older than the last ${QUERIES_KEPT}`
  }

  /**
   * Clipper's update: feedback on an input instead of a query. The models that the policy asks are asked about it, from the cache where
   * it knows, and what they say is compared with the label. Returns of how many that could be done.
   */
  async update(application: Application, user: string, inputs: Inputs, label: Label): Promise<number> {
    const { arms, bandit } = application
    if (!bandit.policy.learns || arms.length === 0) return 0
    const standing = await bandit.standing(user)
    // (The links may have changed meanwhile, and what they take.)
    if (application.arms !== arms) return 0
    const versions = application.versions()
    const { choice, names } = bandit.select(user, standing)
    const predictions = await Promise.all(choice.arms.map((arm) => this.#predict(versions[arm]!, inputs)))
    const losses = lossesOfLabel(predictions, label)
    bandit.heard(user, await this.state.learn(await bandit.lesson(user, names, choice.probability, losses)))
    return losses.filter((loss) => loss !== undefined).length
  }

  #predict(version: ModelVersion, inputs: Inputs): Promise<Prediction | undefined> {
    return new Promise((resolve) => {
      const now = performance.now()
      let isTold = false
      let limit: NodeJS.Timeout | undefined
      const end = (prediction: Prediction | undefined) => {
        isTold = true
        clearTimeout(limit)
        resolve(prediction)
      }
      const asker = {
        deadline: now + EVALUATION_LIMIT_MS,
        predicted: (_: number, prediction: Prediction) => end(prediction),
        failed: () => end(undefined),
      }
      this.cache.ask(version, inputs, 0, asker, 0, now)
      // What the cache knows it tells at once.
      if (!isTold) limit = setTimeout(end, EVALUATION_LIMIT_MS, undefined)
    })
  }
}

const incomparable = (label: Label, { json }: Prediction) =>
  `the label ${shown(label)} cannot be compared with what the model said, ${json.slice(0, 60)}: give a label of that form, or a reward`

const before = (queryId: number) => `feedback on query ${queryId} was given before; it counts once`

const lossesOfLabel = (predictions: readonly (Prediction | undefined)[], label: Label) =>
  predictions.map((prediction) => prediction && lossOfLabel(prediction, label))

function tell(tally: ArmTally, loss: number): void {
  tally.feedback++
  tally.losses += loss
}

/** 0 for the best reward, 1 for the worst. */
function lossOfReward({ record: { rewardRange } }: Application, reward: number): number {
  const [low, high] = rewardRange
  if (!(reward >= low && reward <= high)) {
    throw new ServeError(
      'QUERY_INVALID',
      `reward: expected a number from ${low} to ${high}, the application's rewardRange, got ${shown(reward)}`,
    )
  }
  return 1 - (reward - low) / (high - low)
}
