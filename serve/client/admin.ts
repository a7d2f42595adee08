import type { ServeMetrics } from '../metrics.js'
import { refuse } from '../refusals.js'
import { type ApplicationOptions, checkApplication, checkLink, checkName, checkVersion } from '../registry/options.js'
import { checkIssue, type IssuedToken, type IssueTokenOptions, type ListedToken } from '../security/token-issue.js'
import type { ApplicationRecord } from '../state/state.js'
import { type ListedContainer, type ListedModel, listOf, readApplication, readContainer, readModel } from './listings.js'
import { followLogs, type LogLine, type LogsOptions, readLogs } from './logs.js'
import { isObject, type Transport } from './transport.js'

const done = (answer: unknown): true | undefined => (answer === 'Success!' ? true : undefined)
const VERBOSE = { verbose: true }

function readToken(answer: unknown): ListedToken | undefined {
  if (!isObject(answer)) return undefined
  const { id, label, application, issued_at: issuedAt } = answer
  if (typeof id !== 'string' || typeof label !== 'string' || typeof issuedAt !== 'number') return undefined
  return { id, label, ...(typeof application === 'string' && { application }), issuedAt }
}

function readIssued(answer: unknown): IssuedToken | undefined {
  const listed = readToken(answer)
  const { token } = isObject(answer) ? answer : {}
  return listed !== undefined && typeof token === 'string' ? { ...listed, token } : undefined
}

/**
 * A server's admin calls (Clipper's table under `/admin/`). All throw ServeError `SERVE_OPTION` for what is wrong here,
 * `REQUEST_REFUSED` with the server's cause and status, and `SERVER_UNREACHABLE`.
 */
export class Admin {
  constructor(private readonly transport: Transport) {}

  models(): Promise<ListedModel[]> {
    return this.transport.post('models', '/admin/get_all_models', VERBOSE, listOf(readModel))
  }

  applications(): Promise<ApplicationRecord[]> {
    return this.transport.post('applications', '/admin/get_all_applications', VERBOSE, listOf(readApplication))
  }

  containers(): Promise<ListedContainer[]> {
    return this.transport.post('containers', '/admin/get_all_containers', VERBOSE, listOf(readContainer))
  }

  /** `host:port` where containers connect to. */
  containerAddress(): Promise<string> {
    const read = (answer: unknown) => (isObject(answer) && typeof answer.address === 'string' ? answer.address : undefined)
    return this.transport.post('container address', '/admin/get_container_address', {}, read)
  }

  /** What `server.metrics()` gives there. */
  metrics(): Promise<ServeMetrics> {
    const read = (answer: unknown) =>
      isObject(answer) && isObject(answer.applications) && Array.isArray(answer.models) && isObject(answer.cache)
        ? (answer as unknown as ServeMetrics)
        : undefined
    return this.transport.get('metrics', '/admin/metrics', read)
  }

  /** The last lines of the server's log, oldest first. */
  logs(options: LogsOptions = {}): Promise<LogLine[]> {
    return readLogs(this.transport, options)
  }

  /** The same, then new lines as they are written, until `signal` fires or the server closes. */
  followLogs(options: LogsOptions = {}, signal: AbortSignal = new AbortController().signal): AsyncGenerator<LogLine> {
    return followLogs(this.transport, options, signal)
  }

  async registerApplication(options: ApplicationOptions): Promise<void> {
    const { name, inputType, defaultOutput, sloMs, selection, confidenceThreshold, rewardRange, overload } = checkApplication(options)
    await this.transport.post(
      `register ${name}`,
      '/admin/add_app',
      {
        name,
        input_type: inputType,
        default_output: defaultOutput,
        latency_slo_micros: sloMs * 1000,
        selection,
        confidence_threshold: confidenceThreshold,
        reward_range: rewardRange,
        overload,
      },
      done,
    )
  }

  async deleteApplication(name: string): Promise<void> {
    await this.transport.post(`delete ${checkName('application', name)}`, '/admin/delete_app', { name }, done)
  }

  /** Models by name, whose current version answers, or as `name:version`; all of them are linked, or none. */
  async link(application: string, ...models: readonly string[]): Promise<void> {
    await this.#links('link', 'add_model_links', application, models)
  }

  /** Models named as they were linked; all or none. */
  async unlink(application: string, ...models: readonly string[]): Promise<void> {
    await this.#links('unlink', 'delete_model_links', application, models)
  }

  async #links(what: string, call: string, application: string, models: readonly string[]): Promise<void> {
    const body = { app_name: checkName('application', application), model_names: models.map(checkLink) }
    await this.transport.post(`${what} ${models.join(', ')}`, `/admin/${call}`, body, done)
  }

  /** Makes another version the one that answers. */
  async setVersion(model: string, version: number | string): Promise<ListedModel> {
    const body = { model_name: checkName('model', model), model_version: checkVersion(version) }
    return this.transport.post(`promote ${model}`, '/admin/set_model_version', body, readModel)
  }

  /** Goes back to the version that answered before the current one. */
  async rollback(model: string): Promise<ListedModel> {
    return this.transport.post(`roll back ${model}`, '/admin/rollback_model', { model_name: checkName('model', model) }, readModel)
  }

  /** Without a version, of the current one. Resolves when new ones are warm. */
  async setReplicas(model: string, replicas: number, version?: number | string): Promise<ListedModel> {
    const body = {
      model_name: checkName('model', model),
      replicas,
      model_version: version === undefined ? undefined : checkVersion(version),
    }
    return this.transport.post(`scale ${model}`, '/admin/set_replicas', body, readModel)
  }

  async deleteVersion(model: string, version: number | string): Promise<void> {
    const body = { model_name: checkName('model', model), model_version: checkVersion(version) }
    await this.transport.post(`delete ${model}:${version}`, '/admin/delete_versioned_model', body, done)
  }

  /**
   * Issues a token: for one application, for all ('*'), or without an application an admin's. The answer is the only place where it can
   * be read. The first one, an admin's, closes the server to calls without.
   */
  async issueToken(options: IssueTokenOptions = {}): Promise<IssuedToken> {
    return this.transport.post('issue a token', '/admin/issue_token', checkIssue(options), readIssued)
  }

  /** The tokens that were issued, without their secrets. */
  tokens(): Promise<ListedToken[]> {
    return this.transport.post('tokens', '/admin/get_all_tokens', {}, listOf(readToken))
  }

  /** From now on the token opens nothing. @param id as it is listed; no secret */
  async revokeToken(id: string): Promise<void> {
    if (typeof id !== 'string') refuse('id', id, 'the id of a token, as it is listed')
    await this.transport.post(`revoke ${id}`, '/admin/revoke_token', { id }, done)
  }
}
