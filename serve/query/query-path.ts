import { randomInt } from 'node:crypto'
import type { Logger } from 'pino'
import { ServeError } from '../errors.js'
import type { Application } from '../registry/application.js'
import { type ModelVersion, takenBy } from '../registry/model.js'
import type { Selected } from '../selection/bandit.js'
import type { Standing } from '../selection/selection.js'
import type { State } from '../state/state.js'
import type { PredictionCache } from './cache.js'
import { Exchange, NO_MODELS, TOO_LATE, UNSURE } from './exchange.js'
import type { FeedbackDesk } from './feedback.js'
import type { Inputs } from './inputs.js'

/** A lease is written to the disk, so there are few; ids that a server did not use are skipped. */
const QUERY_IDS_PER_LEASE = 65_536
/** While none can be leased (the disk is full) they are drawn at random from the upper half of what JSON holds, a request at a time. */
const UNLEASED_IDS = 2 ** 52
const LEASE_AGAIN_MS = 1_000

/** Of the time to the deadline: what reading a user's standing may take. */
const READING_SHARE = 0.25

/** Who asks, and for which version. */
export interface Asking {
  /** '' for nobody in particular. */
  readonly user: string
  /** Of every model that is asked, instead of the one that would answer. */
  readonly version: string | undefined
}

/** A query's way: application → cache → selection → queue → combine → answer before the deadline. */
export class QueryPath {
  #nextQueryId = 0
  #leasedTo = 0
  #leaseAgainAt = 0

  constructor(
    private readonly cache: PredictionCache,
    private readonly state: State,
    private readonly feedback: FeedbackDesk,
    private readonly log: Logger,
  ) {}

  /**
   * Asks the application's models about the inputs, all of the models' width. `answered` is called exactly once, by the application's
   * deadline, perhaps before this returns.
   * @throws ServeError `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE`; `OVERLOADED` where the application asks for that
   */
  submit(application: Application, inputs: Inputs, asking: Asking, answered: (exchange: Exchange) => void): void {
    const { user, version } = asking
    const versions = application.versions(version)
    if (application.record.overload === 'shed' && inputs.size > 0) shedEarly(application, versions)
    const standing = application.bandit.standing(user)
    const now = performance.now()
    const go = (standing: Standing) => this.#ask(application, versions, inputs, asking, standing, now, answered)
    if (!(standing instanceof Promise)) {
      go(standing)
      return
    }
    const { arms } = application
    whenRead(application, standing, (read) => {
      // The links may have changed meanwhile.
      const still = application.arms === arms ? versions : resolvedAgain(application, versions, version)
      this.#ask(application, still, inputs, asking, read, now, answered)
    })
  }

  /** @throws ServeError `MODEL_VERSION_UNKNOWN`, `OVERLOADED`, where `submit` would */
  assertRoom(application: Application, { version }: Asking): void {
    const versions = application.versions(version)
    if (application.record.overload === 'shed') shedEarly(application, versions)
  }

  #ask(
    application: Application,
    versions: readonly ModelVersion[],
    inputs: Inputs,
    { user, version: wanted }: Asking,
    standing: Standing,
    now: number,
    answered: (exchange: Exchange) => void,
  ): void {
    const { size } = inputs
    const settled = (exchange: Exchange) => {
      application.deadlines.forget(exchange)
      count(application, exchange)
      this.feedback.answered(application, exchange, inputs)
      application.watchers.tell(exchange)
      answered(exchange)
    }
    const chosen = size > 0 && versions.length > 0 && application.selects ? select(application, versions, size, user, standing) : undefined
    const selected = wanted === undefined ? chosen : chosen?.map((one) => asNamed(one, versions))
    const members = versions.length === 0 ? 0 : (selected?.[0]?.choice.arms.length ?? 1)
    const ids = this.#queryIds(size)
    const exchange = new Exchange(application, size, members, selected, ids, now, now + application.sloMs, settled)
    if (members === 0 || size === 0) {
      exchange.settle(NO_MODELS)
      return
    }
    for (let query = 0; query < size; query++) {
      for (let member = 0; member < members; member++) {
        const arm = selected === undefined ? 0 : selected[query]!.choice.arms[member]!
        const tally = wanted === undefined ? application.tallies[arm] : undefined
        if (tally !== undefined) tally.queries++
        const version = versions[arm]!
        this.cache.ask(version, inputs, query, exchange, query * members + member, now)
      }
    }
    if (!exchange.settled) application.deadlines.watch(exchange)
  }

  #queryIds(count: number): number {
    if (this.#nextQueryId + count > this.#leasedTo && !this.#lease(count)) return UNLEASED_IDS + 32 * randomInt(2 ** 46)
    const first = this.#nextQueryId
    this.#nextQueryId += count
    return first
  }

  /** Whether there are ids now: queries are answered all the same. */
  #lease(count: number): boolean {
    const now = performance.now()
    if (now < this.#leaseAgainAt) return false
    const leased = Math.max(count, QUERY_IDS_PER_LEASE)
    try {
      this.#nextQueryId = this.state.leaseQueryIds(leased)
      this.#leasedTo = this.#nextQueryId + leased
      return true
    } catch (err) {
      this.#leaseAgainAt = now + LEASE_AGAIN_MS
      this.log.error({ err }, 'no query ids can be kept; they are drawn at random')
      return false
    }
  }
}

/** What answers now, where that takes the same inputs; nobody where it does not, or has no such version any more. */
function resolvedAgain(application: Application, before: readonly ModelVersion[], wanted: string | undefined): readonly ModelVersion[] {
  const takes = (version: ModelVersion | undefined) => version && takenBy(version.description)
  try {
    const versions = application.versions(wanted)
    return takes(versions[0]) === takes(before[0]) ? versions : []
  } catch (error) {
    if (error instanceof ServeError) return []
    throw error
  }
}

/** A user whose standing has to be read first: who takes too long over it is answered as somebody of whom nothing is known. */
function whenRead({ sloMs, bandit }: Application, standing: Promise<Standing>, go: (standing: Standing) => void): void {
  let gone = false
  const once = (read: Standing) => {
    if (gone) return
    gone = true
    clearTimeout(limit)
    go(read)
  }
  const limit = setTimeout(() => once(bandit.blank()), sloMs * READING_SHARE)
  standing.then(once, () => once(bandit.blank()))
}

/** @throws ServeError `OVERLOADED` when no linked model is expected to answer in time: better told now than after the deadline. */
function shedEarly(application: Application, versions: readonly ModelVersion[]): void {
  const { name, sloMs } = application
  if (versions.length === 0) return
  const waitMs = Math.min(...versions.map(({ dispatcher }) => dispatcher.expectedMs))
  if (waitMs <= sloMs) return
  application.shed++
  const retryAfterS = Number.isFinite(waitMs) ? Math.max(1, Math.ceil(waitMs / 1000)) : 1
  const why = Number.isFinite(waitMs) ? `an answer would take about ${Math.round(waitMs)} ms` : 'the queue is full'
  throw new ServeError('OVERLOADED', `"${name}" has more queries than it can answer within ${sloMs} ms: ${why}; try again later`, {
    retryAfterS,
  })
}

/** A choice a query. Arms of which no container is ready are passed over while there are others. */
function select(
  { bandit }: Application,
  versions: readonly ModelVersion[],
  size: number,
  user: string,
  standing: Standing,
): readonly Selected[] {
  const ready: number[] = []
  for (const [arm, { dispatcher }] of versions.entries()) if (dispatcher.ready) ready.push(arm)
  const able = ready.length === 0 || ready.length === versions.length ? undefined : ready
  return Array.from({ length: size }, () => bandit.select(user, standing, able))
}

/** What a query asks that names a version was not the policy's to choose: feedback on it is for that version, where it is a link. */
function asNamed(selected: Selected, versions: readonly ModelVersion[]): Selected {
  const { choice } = selected
  return { ...selected, names: choice.arms.map((arm) => versions[arm]!.id), choice: { ...choice, probability: 1 } }
}

function count(application: Application, { defaults, size, startedAt }: Exchange): void {
  application.queries += size
  application.latencies.record(performance.now() - startedAt)
  if (defaults === undefined) return
  for (const [reason, queries] of defaults) {
    if (reason === NO_MODELS) application.defaults.noModels += queries
    else if (reason === TOO_LATE) application.defaults.late += queries
    else if (reason === UNSURE) application.defaults.unsure += queries
    else application.defaults.failed += queries
  }
}
