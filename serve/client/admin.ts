import { refuse } from '../refusals.js'
import { type ApplicationOptions, checkApplication, checkLink, checkName, checkVersion } from '../registry/options.js'
import { checkIssue, type IssuedToken, type IssueTokenOptions, type ListedToken } from '../security/token-issue.js'
import { isObject, type Transport } from './transport.js'

/** A model version as the server lists it. */
export interface ListedModel {
  readonly name: string
  readonly version: string
  /** The version that answers queries which name none. */
  readonly current: boolean
  readonly replicas: number
  readonly isolation: string
  readonly environmentId: string | undefined
  readonly algorithm: string | undefined
}

const done = (answer: unknown): true | undefined => (answer === 'Success!' ? true : undefined)

function readModel(answer: unknown): ListedModel | undefined {
  if (!isObject(answer)) return undefined
  const { model_name: name, model_version: version, is_current_version: current, replicas, isolation, environment_id, algorithm } = answer
  if (typeof name !== 'string' || typeof version !== 'string' || typeof current !== 'boolean') return undefined
  if (typeof replicas !== 'number' || typeof isolation !== 'string') return undefined
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return { name, version, current, replicas, isolation, environmentId: text(environment_id), algorithm: text(algorithm) }
}

function readModels(answer: unknown): ListedModel[] | undefined {
  const models = Array.isArray(answer) ? answer.map(readModel) : [undefined]
  return models.every((model) => model !== undefined) ? models : undefined
}

function readToken(answer: unknown): ListedToken | undefined {
  if (!isObject(answer)) return undefined
  const { id, label, application, issued_at: issuedAt } = answer
  if (typeof id !== 'string' || typeof label !== 'string' || typeof issuedAt !== 'number') return undefined
  return { id, label, ...(typeof application === 'string' && { application }), issuedAt }
}

function readTokens(answer: unknown): ListedToken[] | undefined {
  const tokens = Array.isArray(answer) ? answer.map(readToken) : [undefined]
  return tokens.every((token) => token !== undefined) ? tokens : undefined
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
    return this.transport.post('models', '/admin/get_all_models', { verbose: true }, readModels)
  }

  async registerApplication(options: ApplicationOptions): Promise<void> {
    const { name, defaultOutput, sloMs, selection, confidenceThreshold, rewardRange } = checkApplication(options)
    await this.transport.post(
      `register ${name}`,
      '/admin/add_app',
      {
        name,
        default_output: defaultOutput,
        latency_slo_micros: sloMs * 1000,
        selection,
        confidence_threshold: confidenceThreshold,
        reward_range: rewardRange,
      },
      done,
    )
  }

  async deleteApplication(name: string): Promise<void> {
    await this.transport.post(`delete ${checkName('application', name)}`, '/admin/delete_app', { name }, done)
  }

  /** A model by name, whose current version answers, or as `name:version`. */
  async link(application: string, model: string): Promise<void> {
    await this.#links('link', 'add_model_links', application, model)
  }

  async unlink(application: string, model: string): Promise<void> {
    await this.#links('unlink', 'delete_model_links', application, model)
  }

  async #links(what: string, call: string, application: string, model: string): Promise<void> {
    const body = { app_name: checkName('application', application), model_names: [checkLink(model)] }
    await this.transport.post(`${what} ${model}`, `/admin/${call}`, body, done)
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
    return this.transport.post('tokens', '/admin/get_all_tokens', {}, readTokens)
  }

  /** From now on the token opens nothing. @param id as it is listed; no secret */
  async revokeToken(id: string): Promise<void> {
    if (typeof id !== 'string') refuse('id', id, 'the id of a token, as it is listed')
    await this.transport.post(`revoke ${id}`, '/admin/revoke_token', { id }, done)
  }
}
