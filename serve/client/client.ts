import type { FeedbackResult, Verdict } from '../query/feedback.js'
import { checkOptions, refuse } from '../refusals.js'
import { checkName } from '../registry/options.js'
import type { PublishOptions } from '../registry/publish-options.js'
import type { Label } from '../selection/losses.js'
import { Admin } from './admin.js'
import { isObject, type Json, type Read, Transport } from './transport.js'

export interface ConnectOptions {
  /** A call without an answer by then is given up; default 30,000, and 90,000 for `publish`, which starts containers. */
  timeoutMs?: number
}

export interface PredictOptions {
  /** A version of the model other than its current one. */
  version?: number | string
  /** Whose query it is, for selection policies that learn by user; 'fixed' does not look at it. */
  user?: string
}

/** The answer to one query. */
export interface PredictResult {
  /** A number for a Discrete action, an array for a Box action; whatever the application's default is when `default`. */
  readonly output: unknown
  readonly queryId: number
  /** True when no prediction was there in time; then `defaultExplanation` says why. */
  readonly default: boolean
  readonly defaultExplanation?: string
  /** How sure the models are, 0 to 1: how far they agree. 1 where one answers alone, 0 where none answered. */
  readonly confidence: number
  /** False where the default was given, be it that no prediction was there or that the models were not sure enough. */
  readonly confident: boolean
}

/** Feedback on one query: how good the answer was, or what it should have been. */
export type FeedbackOptions = { readonly queryId: number } & Verdict

/** A model version that was put live. */
export interface Published {
  readonly name: string
  readonly version: string
  readonly environmentId: string | undefined
}

const PUBLISH_LIMIT_MS = 90_000
/** What a timer of Node's can hold. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

function readPrediction(answer: unknown): PredictResult | undefined {
  if (!isObject(answer)) return undefined
  const { output, query_id: queryId, default: isDefault, default_explanation: why } = answer
  if (output === undefined || typeof queryId !== 'number' || typeof isDefault !== 'boolean') return undefined
  const { confidence = isDefault ? 0 : 1 } = answer
  if (typeof confidence !== 'number') return undefined
  const result = { output, queryId, default: isDefault, confidence, confident: !isDefault }
  return typeof why === 'string' ? { ...result, defaultExplanation: why } : result
}

function readBatch(size: number): Read<PredictResult[]> {
  return (answer) => {
    const answers = isObject(answer) ? answer.batch_predictions : undefined
    if (!Array.isArray(answers) || answers.length !== size) return undefined
    const results = answers.map(readPrediction)
    return results.every((result) => result !== undefined) ? results : undefined
  }
}

function readFeedback(answer: unknown): FeedbackResult | undefined {
  const { accepted, reason } = isObject(answer) ? answer : {}
  if (typeof accepted !== 'boolean') return undefined
  return typeof reason === 'string' ? { accepted, reason } : { accepted }
}

function readPublished(answer: unknown): Published | undefined {
  const { model_name: name, model_version: version, environment_id }: Json = isObject(answer) ? answer : {}
  if (typeof name !== 'string' || typeof version !== 'string') return undefined
  return { name, version, environmentId: typeof environment_id === 'string' ? environment_id : undefined }
}

/** An observation as JSON has it. What JSON would turn into something else (NaN into null, say) is refused here. */
function plain(what: string, input: ArrayLike<number>): readonly number[] {
  const isList = typeof input === 'object' && input !== null && typeof input.length === 'number'
  if (!isList) refuse(what, input, 'an array of numbers')
  const values: readonly unknown[] = Array.isArray(input) ? input : Array.from(input)
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) refuse(`${what}[${i}]`, values[i], 'a finite number')
  return values as readonly number[]
}

function checkPredict(application: string, options: PredictOptions): PredictOptions {
  checkName('application', application)
  const { version, user } = checkOptions<PredictOptions>('predict', options, ['version', 'user'])
  const isVersion = version === undefined || typeof version === 'string' || Number.isSafeInteger(version)
  if (!isVersion) refuse('version', version, 'a string or a whole number')
  if (user !== undefined && typeof user !== 'string') refuse('user', user, 'a string')
  return { version, user }
}

/** Talks to a serving tier over connections that it keeps. */
export class Client {
  readonly url: string
  /** What changes the server: applications, models and their versions. */
  readonly admin: Admin
  readonly #transport: Transport

  constructor(url: string, timeoutMs?: number) {
    this.url = url.replace(/\/+$/, '')
    this.#transport = new Transport(this.url, timeoutMs)
    this.admin = new Admin(this.#transport)
  }

  /**
   * The action for one observation.
   * @throws ServeError `SERVE_OPTION`, `REQUEST_REFUSED` (with the server's cause and status), `SERVER_UNREACHABLE`
   */
  async predict(application: string, input: ArrayLike<number>, options: PredictOptions = {}): Promise<PredictResult> {
    const body = { ...checkPredict(application, options), input: plain('input', input) }
    return this.#transport.post(application, `/${application}/predict`, body, readPrediction)
  }

  /** The actions for several observations, in one request. Throws as `predict` does. */
  async predictBatch(application: string, inputs: readonly ArrayLike<number>[], options: PredictOptions = {}): Promise<PredictResult[]> {
    if (!Array.isArray(inputs)) refuse('inputs', inputs, 'an array of observations')
    const rows = inputs.map((input, row) => plain(`inputs[${row}]`, input))
    return this.#transport.post(
      application,
      `/${application}/predict`,
      { ...checkPredict(application, options), input_batch: rows },
      readBatch(rows.length),
    )
  }

  /**
   * Tells how good an answer was (`reward`, within the application's range) or what it should have been (`label`). Counts once a query;
   * resolves once what was learned is kept.
   * @throws ServeError `SERVE_OPTION`, `REQUEST_REFUSED`, `SERVER_UNREACHABLE`
   */
  async feedback(application: string, options: FeedbackOptions): Promise<FeedbackResult> {
    checkName('application', application)
    const { queryId, ...verdict } = checkOptions<FeedbackOptions & { reward?: number; label?: Label }>('feedback', options, [
      'queryId',
      'reward',
      'label',
    ])
    if (!Number.isSafeInteger(queryId)) refuse('queryId', queryId, 'the queryId of an answer')
    return this.#transport.post(application, `/${application}/update`, { query_id: queryId, ...verdict }, readFeedback)
  }

  /**
   * Uploads a policy file's bytes and puts it live as a version of model `name`; resolves once it is warm. See `Server.publish`.
   * @throws ServeError `SERVE_OPTION`, `REQUEST_REFUSED`, `SERVER_UNREACHABLE`
   */
  async publish(
    name: string,
    policy: Uint8Array,
    options: Pick<PublishOptions, 'version' | 'replicas' | 'isolation'> = {},
  ): Promise<Published> {
    checkName('name', name)
    if (!(policy instanceof Uint8Array))
      refuse('policy', policy, "a policy file's bytes, such as readFileSync(file) or policy.toBytes() gives")
    const settings = checkOptions<typeof options>('publish', options, ['version', 'replicas', 'isolation'])
    const given = Object.entries({ name, ...settings }).filter(([, value]) => value !== undefined)
    const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)]))
    const path = `/admin/publish?${query}`
    return this.#transport.send(`publish ${name}`, path, 'application/octet-stream', policy, PUBLISH_LIMIT_MS, readPublished)
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#transport.close()
  }
}

/**
 * A client for the serving tier at `url`. Nothing is sent before the first call.
 * @throws ServeError `SERVE_OPTION`
 */
export function connect(url: string | URL, options: ConnectOptions = {}): Client {
  const { timeoutMs } = checkOptions<ConnectOptions>('connect', options, ['timeoutMs'])
  const parsedUrl = URL.canParse(String(url)) ? new URL(url) : undefined
  const isPlain = parsedUrl?.protocol === 'http:' && parsedUrl.username === '' && parsedUrl.search === '' && parsedUrl.hash === ''
  if (!isPlain) refuse('url', url instanceof URL ? url.href : url, 'one like "http://127.0.0.1:8080"')
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS)) {
    refuse('timeoutMs', timeoutMs, `milliseconds, more than 0, up to ${LONGEST_TIMEOUT_MS}`)
  }
  return new Client(String(url), timeoutMs)
}
