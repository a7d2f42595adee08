import { Agent, request } from 'node:http'
import { ServeError } from './errors.js'
import type { PublishOptions } from './registry/options.js'

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
}

/** A model version that was put live. */
export interface Published {
  readonly name: string
  readonly version: string
  readonly environmentId: string | undefined
}

interface WireAnswer {
  output: unknown
  query_id: number
  default: boolean
  default_explanation?: string
}

function fromWire({ output, query_id, default: isDefault, default_explanation }: WireAnswer): PredictResult {
  const answer = { output, queryId: query_id, default: isDefault }
  return default_explanation === undefined ? answer : { ...answer, defaultExplanation: default_explanation }
}

const HELD_CONNECTIONS = 256

/** Talks to a serving tier over connections that it keeps. */
export class Client {
  readonly url: string
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: HELD_CONNECTIONS })

  constructor(url: string) {
    this.url = url.replace(/\/+$/, '')
  }

  /**
   * The action for one observation.
   * @throws ServeError `REQUEST_REFUSED` (with the server's cause and status), `SERVER_UNREACHABLE`
   */
  async predict(application: string, input: ArrayLike<number>, { version, user }: PredictOptions = {}): Promise<PredictResult> {
    return fromWire((await this.#post(application, { input: plain(input), version, user })) as WireAnswer)
  }

  /** The actions for several observations, in one request. Throws as `predict` does. */
  async predictBatch(
    application: string,
    inputs: readonly ArrayLike<number>[],
    { version, user }: PredictOptions = {},
  ): Promise<PredictResult[]> {
    const body = { input_batch: inputs.map(plain), version, user }
    const { batch_predictions: answers } = (await this.#post(application, body)) as { batch_predictions: WireAnswer[] }
    return answers.map(fromWire)
  }

  /**
   * Uploads a policy file's bytes and puts it live as a version of model `name`; resolves once it is warm. See `Server.publish`.
   * @throws ServeError `REQUEST_REFUSED`, `SERVER_UNREACHABLE`
   */
  async publish(
    name: string,
    policy: Uint8Array,
    { version, replicas, isolation }: Omit<PublishOptions, 'application'> = {},
  ): Promise<Published> {
    const given = Object.entries({ name, version, replicas, isolation }).filter(([, value]) => value !== undefined)
    const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)]))
    const answer = await this.#send(`publish ${name}`, `/admin/publish?${query}`, 'application/octet-stream', policy)
    const { model_name, model_version, environment_id } = answer as Record<'model_name' | 'model_version' | 'environment_id', string>
    return { name: model_name, version: model_version, environmentId: environment_id }
  }

  #post(application: string, body: object): Promise<unknown> {
    const path = `/${encodeURIComponent(application)}/predict`
    return this.#send(application, path, 'application/json', Buffer.from(JSON.stringify(body)))
  }

  #send(what: string, path: string, type: string, payload: Uint8Array): Promise<unknown> {
    const headers = { 'content-type': type, 'content-length': payload.length }
    return new Promise((resolve, reject) => {
      const unreachable = (cause: Error & { code?: string }) => {
        const told = cause.message || cause.code
        reject(new ServeError('SERVER_UNREACHABLE', `no answer from ${this.url}: ${told}; is the server running?`, { cause }))
      }
      const call = request(`${this.url}${path}`, { method: 'POST', agent: this.#agent, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', unreachable)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          if (status === 200) resolve(JSON.parse(text))
          else reject(new ServeError('REQUEST_REFUSED', `${what}: ${causeOf(text)} (HTTP ${status})`, { status }))
        })
      })
      call.on('error', unreachable)
      call.end(payload)
    })
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#agent.destroy()
  }
}

const plain = (input: ArrayLike<number>) => (Array.isArray(input) ? (input as number[]) : Array.from(input))

function causeOf(text: string): string {
  try {
    const { cause } = JSON.parse(text) as { cause?: unknown }
    if (typeof cause === 'string') return cause
  } catch {
    // not ours: shown as it is
  }
  return text.slice(0, 200)
}

/** A client for the serving tier at `url`. Nothing is sent before the first call. @throws ServeError `SERVE_OPTION` */
export function connect(url: string): Client {
  if (!URL.canParse(url) || new URL(url).protocol !== 'http:') {
    throw new ServeError('SERVE_OPTION', `url is ${JSON.stringify(url)}; expected one like "http://127.0.0.1:8080"`)
  }
  return new Client(url)
}
