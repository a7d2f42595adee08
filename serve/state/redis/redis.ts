import { randomBytes } from 'node:crypto'
import { ServeError } from '../../errors.js'
import type { Change, Json, Learned, Lesson, Rows, SharedPredictions, SharedState, Sharing, State, Taught } from '../state.js'
import { RowsMoved } from '../state.js'
import { hostAndPort, type RedisAddress, readAddress } from './address.js'
import { type Argument, AS_BYTES, loadRedis, type Redis, type RedisClient, type Reply } from './client.js'
import { channelsOf, KEYS } from './keys.js'
import { Link, Unanswered } from './link.js'
import { QueryIds } from './query-ids.js'
import { Relay } from './relay.js'
import { LEARN, LOST, MOVED, READ, WRITE } from './scripts.js'
import { fieldsOf, pairs, taughtBy } from './standings.js'

/** A change that has had no answer is asked for again for so long: the connection may be back by then. */
const PATIENCE_MS = 3_000
const AGAIN_MS = 250
/** Entries of the feedback log that are kept, about; older ones make way. */
const MOST_ENTRIES = 1_000_000
const PREDICTION_SECONDS = 3_600
/** Places of the hashes among the keys of the script that writes. */
const HASHES: readonly string[] = [KEYS.applications, KEYS.models, KEYS.tokens, KEYS.artifacts]
const FIRST_HASH = 4

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * State in Redis, which several frontends share: what one writes the others follow, standings are only added to, and feedback counts
 * once over all. When Redis is away what is known goes on being served, and what cannot be kept is refused.
 */
export class RedisState implements State, SharedState {
  readonly keepsFeedback = true
  readonly shared = this
  readonly #address: RedisAddress
  readonly #origin = randomBytes(8).toString('hex')
  readonly #commands: Link
  readonly #news: Link
  readonly #channels: ReturnType<typeof channelsOf>
  readonly #relay: Relay
  #newsClient: RedisClient | undefined
  readonly #blocks: number[] = []
  #queryIds: QueryIds | undefined
  #id = ''
  #isLost = false
  #revision = 0
  #sharing: Sharing | undefined

  /** @throws ServeError `SERVE_OPTION`, `RUNTIME_MISSING`, `STATE_UNREACHABLE` */
  static async open(url: string): Promise<RedisState> {
    const address = readAddress(url)
    const state = new RedisState(await loadRedis(), address)
    try {
      await state.#open()
    } catch (error) {
      await state.close()
      throw error
    }
    return state
  }

  private constructor(redis: Redis, address: RedisAddress) {
    this.#address = address
    this.#channels = channelsOf(address.database)
    this.#commands = new Link(redis, address, {
      up: (client) => this.#up(client),
      down: (reason) => this.#sharing?.warn(`Redis at ${hostAndPort(address)} is away (${reason}); what is known goes on being served`),
      pulse: () => this.#pulse(),
    })
    this.#news = new Link(redis, address, { up: (client) => this.#listen(client), down: () => {} })
    this.#relay = new Relay(this.#commands, this.#channels, this.#origin)
  }

  async #open(): Promise<void> {
    await this.#commands.open()
    const fetch = async () => {
      const block = Number(await this.#commands.send(['INCR', KEYS.blocks]))
      this.#blocks.push(block)
      await this.#newsClient?.subscribe(this.#channels.block(block), (message) => this.#question(message))
      return block
    }
    this.#queryIds = new QueryIds(await fetch(), fetch)
    await this.#news.open()
  }

  /** The first to come says which Redis this is; later that must be the same. */
  async #up(client: RedisClient): Promise<void> {
    await client.sendCommand(['SET', KEYS.id, randomBytes(16).toString('hex'), 'NX'])
    const id = String(await client.sendCommand(['GET', KEYS.id]))
    if (this.#id === '') this.#id = id
    this.#isLost = id !== this.#id
    if (this.#isLost) this.#sharing?.warn(this.#lostMessage())
    else this.#sharing?.info(`Redis at ${hostAndPort(this.#address)} is back`)
  }

  async #listen(client: RedisClient): Promise<void> {
    this.#newsClient = client
    const { changes, lessons, answers, block } = this.#channels
    await client.subscribe(changes, (message) => {
      const [origin, revision] = message.split(' ')
      if (origin !== this.#origin && Number(revision) !== this.#revision) this.#sharing?.changed()
    })
    await client.subscribe(lessons, (message) => {
      const [origin, key, known] = JSON.parse(message) as [string, string, string[]]
      if (origin !== this.#origin) this.#sharing?.learned(key, taughtBy(known))
    })
    await client.subscribe(answers(this.#origin), (message) => this.#relay.heard(message))
    for (const own of this.#blocks) await client.subscribe(block(own), (message) => this.#question(message))
    // What was said meanwhile is not said again.
    this.#sharing?.missed()
    this.#sharing?.changed()
  }

  #question(message: string): void {
    if (this.#sharing !== undefined) void this.#relay.answer(message, this.#sharing)
  }

  /** What is missed for any reason is found out. */
  async #pulse(): Promise<void> {
    const [id, revision] = (await this.#commands.send(['MGET', KEYS.id, KEYS.revision])) as readonly (string | null)[]
    const isLost = id !== this.#id
    if (isLost && !this.#isLost) this.#sharing?.warn(this.#lostMessage())
    this.#isLost = isLost
    if (!isLost && Number(revision) !== this.#revision) this.#sharing?.changed()
  }

  #lostMessage(): string {
    const where = `Redis at ${hostAndPort(this.#address)}`
    return `${where} has lost what it knew; give it back its data (it needs appendonly yes), or restart all frontends to begin anew; nothing has changed`
  }

  get trouble(): string | undefined {
    if (this.#isLost) return this.#lostMessage()
    const reason = this.#commands.trouble ?? this.#news.trouble
    return reason && `Redis at ${hostAndPort(this.#address)}: ${reason}`
  }

  listen(sharing: Sharing): void {
    this.#sharing = sharing
    void this.#look().catch(() => {})
  }

  /** Whether Redis is set up to keep what it says it keeps. */
  async #look(): Promise<void> {
    const persistence = String(await this.#commands.send(['INFO', 'persistence']))
    const where = `Redis at ${hostAndPort(this.#address)}`
    if (!persistence.includes('aof_enabled:1')) {
      this.#sharing?.warn(`${where} keeps no append-only file: what it has acknowledged is lost when it is killed; set appendonly yes`)
    }
    const memory = String(await this.#commands.send(['INFO', 'memory']))
    const policy = /maxmemory_policy:(allkeys-\S+)/.exec(memory)?.[1]
    if (policy !== undefined) {
      this.#sharing?.warn(`${where} forgets anything when its memory is full (${policy}); set maxmemory-policy noeviction or volatile-lru`)
    }
  }

  #eval(script: string, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.#commands.send(['EVAL', script, String(keys.length), ...keys, ...args])
  }

  #lost(): ServeError {
    this.#isLost = true
    return new ServeError('STATE_UNREACHABLE', this.#lostMessage())
  }

  async read(): Promise<Rows> {
    const reply = await this.#eval(READ, [KEYS.id, KEYS.revision, KEYS.applications, KEYS.models, KEYS.tokens], [])
    const [id, revision, ...tables] = reply as readonly [string, string, ...Reply[]]
    if (id !== this.#id) throw this.#lost()
    this.#revision = Number(revision)
    const rows = <Row>(table: Reply) => new Map([...pairs(table)].map(([key, json]) => [key, JSON.parse(json) as Row]))
    return { applications: rows(tables[0]!), models: rows(tables[1]!), tokens: rows(tables[2]!) }
  }

  async write(changes: readonly Change[]): Promise<void> {
    const args: Argument[] = [this.#id, String(this.#revision), this.#origin, this.#channels.changes]
    const set = (hash: string, key: string, value: Argument) => args.push(String(FIRST_HASH + HASHES.indexOf(hash)), key, value)
    for (const change of changes) {
      const { table, key, row } = change
      set(KEYS[table], key, row === undefined ? '' : JSON.stringify(row))
      if (table !== 'models') continue
      if (row === undefined) set(KEYS.artifacts, key, '')
      else if (change.artifact !== undefined) set(KEYS.artifacts, key, Buffer.from(change.artifact))
    }
    const keys = [KEYS.id, KEYS.revision, KEYS.change(randomBytes(12).toString('hex')), ...HASHES]
    const revision = await this.#once(() => this.#eval(WRITE, keys, args))
    if (revision === LOST) throw this.#lost()
    if (revision === MOVED) throw new RowsMoved()
    this.#revision = Number(revision)
    const gone = changes.filter(({ table, row }) => table === 'applications' && row === undefined)
    // What the rows have no application for is of no use to anybody: it may stay a while where this fails.
    for (const { key } of gone) await this.#forget(key).catch(() => {})
  }

  /** What is done once however often it is sent is sent again, where nobody knows whether it was done. */
  async #once(send: () => Promise<Reply>): Promise<Reply> {
    let unanswered: unknown
    for (const end = performance.now() + PATIENCE_MS; ; await sleep(AGAIN_MS)) {
      try {
        return await send()
      } catch (error) {
        // What says that nothing has changed speaks of its own attempt only.
        if (!(error instanceof Unanswered) && unanswered === undefined) throw error
        unanswered ??= error
        if (performance.now() > end) throw unanswered
      }
    }
  }

  async #forget(application: string): Promise<void> {
    const pattern = `${KEYS.standing(application).replace(/[*?[\]\\]/g, '\\$&')}/*`
    let cursor = '0'
    do {
      const [next, found] = (await this.#commands.send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000'])) as [string, string[]]
      if (found.length > 0) await this.#commands.send(['UNLINK', ...found])
      cursor = next
    } while (cursor !== '0')
  }

  async artifact(key: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#commands.send(['HGET', KEYS.artifacts, key], AS_BYTES)
    return bytes === null ? undefined : (bytes as Buffer)
  }

  async standing(key: string): Promise<Taught> {
    return taughtBy(await this.#commands.send(['HGETALL', KEYS.standing(key)]))
  }

  async learn({ key, sums, widestGap, entry, queryId }: Lesson): Promise<Learned> {
    const keys = [KEYS.id, KEYS.standing(key), KEYS.feedback, KEYS.given(queryId ?? 0)]
    const gap = Number.isFinite(widestGap) ? String(widestGap) : ''
    const mark = queryId === undefined ? '' : randomBytes(12).toString('hex')
    const told = [entry === undefined ? '' : JSON.stringify(entry), mark, String(MOST_ENTRIES)]
    const args = [this.#id, this.#origin, this.#channels.lessons, key, gap, ...told, ...fieldsOf(sums)]
    const learn = () => this.#eval(LEARN, keys, args)
    const reply = await (mark === '' ? learn() : this.#once(learn))
    if (reply === LOST) throw this.#lost()
    const [repeated, known] = reply as readonly [number, Reply]
    return { repeated: repeated === 1, ...taughtBy(known) }
  }

  leaseQueryIds(count: number): number {
    return this.#queryIds!.lease(count)
  }

  forward(application: string, queryId: number, verdict: Json): Promise<Json | undefined> {
    return this.#relay.ask(application, queryId, verdict)
  }

  readonly predictions: SharedPredictions = {
    get: async (key) => {
      const args: Argument[] = ['GET', KEYS.prediction(key)]
      return ((await this.#commands.send(args)) as string | null) ?? undefined
    },
    set: (key, json) => {
      // One that is not kept is made again.
      this.#commands.send(['SET', KEYS.prediction(key), json, 'EX', String(PREDICTION_SECONDS)]).catch(() => {})
    },
  }

  async close(): Promise<void> {
    this.#news.close()
    this.#commands.close()
  }
}
