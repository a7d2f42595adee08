import type { FeedbackResult, Verdict } from '../query/feedback.js'
import { checkOptions, LONGEST_TIMER_MS, refuse, refuseSecret } from '../refusals.js'
import { checkName } from '../registry/options.js'
import { PUBLISH_OPTIONS } from '../registry/publish-names.js'
import type { PublishOptions } from '../registry/publish-options.js'
import type { Label } from '../selection/losses.js'
import { Admin } from './admin.js'
import { ControlLoop } from './control.js'
import { type Input, plain } from './input.js'
import { type PredictResult, type Published, readBatch, readFeedback, readPrediction, readPublished } from './results.js'
import type { Sender } from './sender.js'
import { Transport, type TransportOptions } from './transport.js'

export interface ConnectOptions {
  /**
   * A call without an answer by then is given up, milliseconds; default 30,000, for `publish`, which starts containers, 90,000 (of kind
   * 'external', which waits for one, none).
   */
  timeoutMs?: number
  /** Of a server that has tokens. */
  token?: string
  /**
   * How often a call is tried again that found no server, was turned away because there is too much to do, or (predictions only) was cut
   * off; default 2, after 50 ms and longer pauses.
   */
  retries?: number
}

export interface PredictOptions {
  /** A version of the model other than its current one. */
  version?: number | string
  /** Whose query it is, for selection policies that learn by user; 'fixed' does not look at it. */
  user?: string
}

/** Feedback on one query: how good the answer was, or what it should have been. */
export type FeedbackOptions = { readonly queryId: number } & Verdict

const PUBLISH_LIMIT_MS = 90_000
/** Kinds of models that are an address. */
const ADDRESSED: readonly (string | undefined)[] = ['remote', 'image']
const HTTP = /^https?:\/\//

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

  constructor(url: string, sender: Sender, options: TransportOptions) {
    this.url = url
    this.#transport = new Transport(url, sender, options)
    this.admin = new Admin(this.#transport)
  }

  /**
   * The action for one observation.
   * @throws ServeError `SERVE_OPTION`, `REQUEST_REFUSED` (with the server's cause and status), `SERVER_UNREACHABLE`
   */
  async predict<Output = unknown>(application: string, input: Input, options: PredictOptions = {}): Promise<PredictResult<Output>> {
    const body = { ...checkPredict(application, options), input: plain('input', input) }
    return this.#transport.post(application, `/${application}/predict`, body, readPrediction<Output>, true)
  }

  /** The actions for several observations, in one request. Throws as `predict` does. */
  async predictBatch<Output = unknown>(
    application: string,
    inputs: readonly Input[],
    options: PredictOptions = {},
  ): Promise<PredictResult<Output>[]> {
    if (!Array.isArray(inputs)) refuse('inputs', inputs, 'an array of observations')
    const rows = inputs.map((input, row) => plain(`inputs[${row}]`, input))
    return this.#transport.post(
      application,
      `/${application}/predict`,
      { ...checkPredict(application, options), input_batch: rows },
      readBatch<Output>(rows.length),
      true,
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
   * Puts a model live as a version of model `name`; resolves once it is warm. The model is a file's bytes, or the address of a remote model
   * or an image; unless `kind` says so it is a policy. A module or a Python file is sent alone, without what lies beside it. Of kind
   * 'external' it resolves when the container has come. See `Server.publish`.
   * @throws ServeError `SERVE_OPTION`, `REQUEST_REFUSED`, `SERVER_UNREACHABLE`
   */
  async publish(name: string, model: Uint8Array | string, options: PublishOptions = {}): Promise<Published> {
    checkName('name', name)
    const { token, ...given } = checkOptions<PublishOptions>('publish', options, PUBLISH_OPTIONS)
    const isAddress = typeof model === 'string' && (ADDRESSED.includes(given.kind) || (given.kind === undefined && HTTP.test(model)))
    if (!(model instanceof Uint8Array) && !isAddress)
      refuse('model', model, "a file's bytes, such as readFileSync(file) or policy.toBytes() gives, or an address of kind remote or image")
    const settings = { ...given, ...(isAddress && given.kind === undefined && { kind: 'remote' as const }) }
    const told = Object.entries({ name, ...settings }).filter(([, value]) => value !== undefined)
    const query = new URLSearchParams(
      told.map(([key, value]) => {
        const isJson = typeof value === 'object' || typeof value === 'boolean' || key === 'batching'
        return [key, isJson ? JSON.stringify(value) : String(value)]
      }),
    )
    return this.#transport.send({
      what: `publish ${name}`,
      path: `/admin/publish?${query}`,
      type: 'application/octet-stream',
      headers: token === undefined ? {} : { 'x-container-token': token },
      body: model,
      usualLimitMs: settings.kind === 'external' ? LONGEST_TIMER_MS : PUBLISH_LIMIT_MS,
      repeatable: false,
      read: readPublished,
    })
  }

  /**
   * A control loop of an application: observations and actions over one connection, thousands a second.
   * @throws ServeError `SERVE_OPTION`, `SERVER_UNREACHABLE`
   */
  async control(application: string, options: Pick<PredictOptions, 'user'> = {}): Promise<ControlLoop> {
    checkName('application', application)
    const { user } = checkOptions<typeof options>('control', options, ['user'])
    return ControlLoop.open(this.url, application, this.#transport.options.token, user)
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#transport.close()
  }
}

const MOST_RETRIES = 100

/** What `connect` is given, checked. @throws ServeError `SERVE_OPTION` */
export function checkConnect(url: string | URL, options: ConnectOptions): { url: string; settings: TransportOptions } {
  const { timeoutMs, token, retries = 2 } = options
  const parsedUrl = URL.canParse(String(url)) ? new URL(url) : undefined
  const isHttp = parsedUrl?.protocol === 'http:' || parsedUrl?.protocol === 'https:'
  const isPlain = isHttp && parsedUrl.username === '' && parsedUrl.search === '' && parsedUrl.hash === ''
  if (!isPlain) refuse('url', url instanceof URL ? url.href : url, 'one like "http://127.0.0.1:8080"')
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= LONGEST_TIMER_MS)) {
    refuse('timeoutMs', timeoutMs, `milliseconds, more than 0, up to ${LONGEST_TIMER_MS}`)
  }
  if (token !== undefined && !(typeof token === 'string' && /^\S+$/.test(token))) refuseSecret('token', token, 'a token without spaces')
  if (!Number.isInteger(retries) || retries < 0 || retries > MOST_RETRIES) refuse('retries', retries, `0 to ${MOST_RETRIES}`)
  return { url: String(url).replace(/\/+$/, ''), settings: { timeoutMs, token, retries } }
}
