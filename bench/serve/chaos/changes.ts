/** Changes of what is served, one after another: what is acknowledged becomes a fact, what is cut off may or may not be one. */
import { ARMS, type ChaosApplication, DEFAULT } from './applications.js'
import type { Asker } from './asking.js'
import type { Answer } from './http.js'
import { type Family, fn, policy, py } from './models.js'

const MOST_VERSIONS = 4
const MOST_REPLICAS = 3
/** Of publishing and of more replicas: containers start. */
const SLOW_LIMIT_MS = 90_000

const post = ({ world }: Asker, path: string, body: object) => world.call(`/admin/${path}`, JSON.stringify(body))

/** A refusal that the faults explain: the disk is full, or a container was killed while it started. */
function isExcused({ world }: Asker, { status, body }: Answer, sentAt: number): boolean {
  if (status < 500) return false
  if (world.frontend.was('full', sentAt)) return true
  return String(body).includes('CONTAINER_FAILED')
}

type Changed = 'made' | 'perhaps' | 'refused'

/** What became of a change. */
async function change(asker: Asker, what: string, sent: Promise<Answer | undefined>): Promise<Changed> {
  const sentAt = performance.now()
  const answer = await sent
  if (answer === undefined) return 'perhaps'
  const tookMs = performance.now() - sentAt
  if (tookMs > SLOW_LIMIT_MS) asker.world.report.violation(`late: ${what} took ${Math.round(tookMs)} ms`)
  asker.world.report.count('answers', `admin: ${what.split(' ')[0]}`)
  if (answer.status === 200) return 'made'
  if (isExcused(asker, answer, sentAt)) {
    asker.world.report.count('notes', `admin refused: ${String(answer.body).slice(0, 80)}`)
    return 'perhaps'
  }
  asker.world.report.violation(`${what}: ${answer.status} ${answer.body}`)
  return 'refused'
}

const factOf = (family: Family, version: number) => `version ${family.name}:${version}`
const currentOf = (family: Family) => `current ${family.name}`

/** Versions that are certainly there. */
function versionsOf({ world }: Asker, family: Family, most: number): number[] {
  return Array.from({ length: most }, (_, i) => i + 1).filter((version) => {
    const possible = world.facts.get(factOf(family, version))
    return possible.length === 1 && possible[0] !== null
  })
}

/** Changes models and applications. */
export class Changes {
  readonly #last = new Map<string, number>()
  #applications = 0
  readonly families: readonly Family[]

  constructor(
    private readonly asker: Asker,
    hasPython: boolean,
  ) {
    this.families = hasPython ? [policy, fn, py] : [policy, fn]
  }

  async setUp(applications: Iterable<ChaosApplication>, others: readonly (readonly [name: string, source: Uint8Array])[]): Promise<void> {
    for (const family of this.families) await this.publish(family)
    for (const [name, source] of others) await this.#publish(name, 1, 'function', source)
    for (const { name, sloMs, selection, overload, links } of applications)
      await this.#register(name, links, { sloMs, selection, overload })
  }

  async #publish(name: string, version: number, kind: string, source: Uint8Array): Promise<Changed> {
    const { world } = this.asker
    const facts = [
      [`version ${name}:${version}`, 1],
      [`current ${name}`, version],
    ] as const
    for (const [fact, value] of facts) world.facts.begin(fact, value)
    // Over HTTP a model gets an application of its name, where it has none.
    if (world.facts.get(`application ${name}`)[0] === null) world.facts.begin(`application ${name}`, [name])
    const query = new URLSearchParams({ name, version: String(version), kind })
    const sent = world.call(`/admin/publish?${query}`, source, { 'content-type': 'application/octet-stream' })
    const made = await change(this.asker, `publish ${name}:${version}`, sent)
    if (made === 'made') for (const [fact, value] of facts) world.facts.settle(fact, value)
    return made
  }

  async publish(family: Family): Promise<void> {
    const { answering } = this.asker.world
    const version = (this.#last.get(family.name) ?? 0) + 1
    this.#last.set(family.name, version)
    answering.get(family.name)!.begin(version)
    if ((await this.#publish(family.name, version, family.kind, family.source(version))) === 'made')
      answering.get(family.name)!.settle(version)
  }

  async #register(
    name: string,
    links: readonly string[],
    settings: { sloMs: number; selection?: unknown; overload?: string },
  ): Promise<void> {
    const { world } = this.asker
    const body = {
      name,
      default_output: DEFAULT,
      latency_slo_micros: 1000 * settings.sloMs,
      selection: settings.selection,
      overload: settings.overload,
    }
    if (world.facts.get(`application ${name}`).some((value) => value !== null)) await this.#delete(name)
    world.facts.begin(`application ${name}`, [])
    if ((await change(this.asker, `register ${name}`, post(this.asker, 'add_app', body))) !== 'made') return
    world.facts.settle(`application ${name}`, [])
    await this.#link(name, links)
  }

  async #delete(name: string): Promise<void> {
    const { world } = this.asker
    // (A deletion that was cut off may have been made.)
    const isCertain = world.facts.get(`application ${name}`).every((value) => value !== null)
    world.facts.begin(`application ${name}`, null)
    const sent = post(this.asker, 'delete_app', { name })
    const isGone = !isCertain && (await sent)?.status === 404
    if (isGone || (await change(this.asker, `delete ${name}`, sent)) === 'made') world.facts.settle(`application ${name}`, null)
  }

  async #link(name: string, links: readonly string[]): Promise<void> {
    const { world } = this.asker
    world.facts.begin(`application ${name}`, links)
    const made = await change(this.asker, `link ${name}`, post(this.asker, 'add_model_links', { app_name: name, model_names: links }))
    if (made === 'made') world.facts.settle(`application ${name}`, links)
  }

  async promote(family: Family): Promise<void> {
    const { world, below } = this.asker
    const versions = this.#versions(family)
    if (versions.length === 0) return
    const version = versions[below(versions.length)]
    await this.#makeCurrent(family, version, post(this.asker, 'set_model_version', { model_name: family.name, model_version: version }))
    world.report.count('notes', 'promoted')
  }

  #versions(family: Family): number[] {
    return versionsOf(this.asker, family, this.#last.get(family.name) ?? 0)
  }

  async #makeCurrent(family: Family, version: number, sent: Promise<Answer | undefined>): Promise<void> {
    const { facts, answering } = this.asker.world
    facts.begin(currentOf(family), version)
    answering.get(family.name)!.begin(version)
    if ((await change(this.asker, `promote ${family.name}:${version}`, sent)) !== 'made') return
    facts.settle(currentOf(family), version)
    answering.get(family.name)!.settle(version)
  }

  /** There and back: which version is returned to is known only when the last change was acknowledged, so one is made first. */
  async rollBack(family: Family): Promise<void> {
    const { world, below } = this.asker
    const before = world.facts.get(currentOf(family))
    const others = this.#versions(family).filter((version) => version !== before[0])
    if (before.length !== 1 || others.length === 0) return
    const version = others[below(others.length)]
    await this.#makeCurrent(family, version, post(this.asker, 'set_model_version', { model_name: family.name, model_version: version }))
    if (world.facts.get(currentOf(family)).length !== 1) return
    await this.#makeCurrent(family, before[0] as number, post(this.asker, 'rollback_model', { model_name: family.name }))
  }

  async delete(family: Family): Promise<void> {
    const { world, below } = this.asker
    const current = world.facts.get(currentOf(family))
    const others = this.#versions(family).filter((version) => !current.includes(version))
    if (others.length === 0) return
    const version = others[below(others.length)]
    world.facts.begin(factOf(family, version), null)
    const sent = post(this.asker, 'delete_versioned_model', { model_name: family.name, model_version: version })
    if ((await change(this.asker, `delete ${family.name}:${version}`, sent)) === 'made') world.facts.settle(factOf(family, version), null)
  }

  async scale(family: Family): Promise<void> {
    const { world, below } = this.asker
    const versions = this.#versions(family)
    if (versions.length === 0) return
    const [version, replicas] = [versions[below(versions.length)], 1 + below(MOST_REPLICAS)]
    world.facts.begin(factOf(family, version), replicas)
    const sent = post(this.asker, 'set_replicas', { model_name: family.name, model_version: version, replicas })
    if ((await change(this.asker, `scale ${family.name}:${version}`, sent)) === 'made')
      world.facts.settle(factOf(family, version), replicas)
  }

  /** An application that comes and goes. */
  async comeAndGo(): Promise<void> {
    const { world, draw } = this.asker
    const name = `guest-${++this.#applications}`
    await this.#register(name, [ARMS[0]], { sloMs: 100 })
    if (draw() < 0.5) await this.#delete(name)
    const left = Array.from({ length: this.#applications }, (_, i) => `guest-${i + 1}`).filter((guest) =>
      world.facts.get(`application ${guest}`).some((value) => value !== null),
    )
    if (left.length > 5) await this.#delete(left[0])
  }

  /** One change, drawn at random. */
  async any(): Promise<void> {
    const { below } = this.asker
    const family = this.families[below(this.families.length)]
    if (this.#versions(family).length > MOST_VERSIONS) return this.delete(family)
    const kinds = [
      () => this.publish(family),
      () => this.promote(family),
      () => this.rollBack(family),
      () => this.delete(family),
      () => this.scale(family),
      () => this.comeAndGo(),
    ]
    await kinds[below(kinds.length)]()
  }
}

interface SeenApplication {
  readonly name: string
  readonly linked_models: readonly string[]
}
interface SeenModel {
  readonly model_name: string
  readonly model_version: string
  readonly is_current_version: boolean
  readonly replicas: number
}

/** What the frontend says that it has, as facts; undefined where it does not answer. */
export async function seen(asker: Asker): Promise<Map<string, unknown> | undefined> {
  const applications = await post(asker, 'get_all_applications', { verbose: true })
  const models = await post(asker, 'get_all_models', { verbose: true })
  if (applications?.status !== 200 || models?.status !== 200) return undefined
  const facts = new Map<string, unknown>()
  for (const { name, linked_models } of JSON.parse(String(applications.body)) as SeenApplication[])
    facts.set(`application ${name}`, linked_models)
  for (const { model_name, model_version, is_current_version, replicas } of JSON.parse(String(models.body)) as SeenModel[]) {
    facts.set(`version ${model_name}:${model_version}`, replicas)
    if (!is_current_version) continue
    if (facts.has(`current ${model_name}`)) asker.world.report.violation(`two versions of ${model_name} say that they are current`)
    facts.set(`current ${model_name}`, Number(model_version))
  }
  return facts
}
