import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { random } from '../../core/examples/random.js'
import type { Memory } from '../parts/processes.js'
import { checkFeedback, checkLessons } from './aftermath.js'
import { ARMS, chaosApplications, MEMBERS } from './applications.js'
import { ASKING, type Asker } from './asking.js'
import { Changes, seen } from './changes.js'
import { Answering, Facts } from './facts.js'
import { FAULTS } from './faults.js'
import { fill } from './fill.js'
import { Frontend } from './frontend.js'
import { hangUp } from './http.js'
import { armSource, fn, memberSource, policy, py, troubleSource } from './models.js'
import { Report, total } from './report.js'
import { RUDE } from './rude.js'
import { World } from './world.js'

const ASKERS = 12
const RUDE_ONES = 3
const PRINT_EVERY_MS = 10_000
const LONGEST_PEACE_MS = 2_000
/** Between two kills of the frontend. */
const LIFE_MS = { least: 8_000, more: 25_000 } as const
const MOST_VIOLATIONS = 30
const WILD_TOKEN = 'the-wild-containers-token'
const WILD_ONES = 2
const BATCH_LIMIT_MS = 1_000
/** What a frontend may use at most, whatever is done to it. */
const MOST_MEGABYTES = 400

export interface Sample {
  readonly seconds: number
  readonly answers: number
  /** Of the frontend. */
  readonly memory: Pick<Memory, 'resident' | 'share'>
}

/** An interpreter with NumPy, if there is one; $GYMNURA_PYTHON names another one than python3. */
function findPython(): string | undefined {
  const python = process.env.GYMNURA_PYTHON ?? 'python3'
  try {
    return execFileSync(python, ['-c', 'import numpy, sys; print(sys.executable)'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return undefined
  }
}

export class Chaos {
  readonly samples: Sample[] = []
  readonly #changes: Changes
  readonly #wild: ReturnType<typeof fork>[] = []
  #streams = 0
  #isDead = false
  /** Whoever changes or looks at what is served holds it. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly world: World,
    private readonly seed: number,
    private readonly withFaults: boolean,
    private readonly folder: string,
    private readonly besides: readonly ((world: World) => Promise<void>)[],
    hasPython: boolean,
  ) {
    this.#changes = new Changes(this.#asker(), hasPython)
  }

  /** @param besides what else is done while it lasts, until the world is over */
  static async make(seed: number, withFaults: boolean, besides: readonly ((world: World) => Promise<void>)[] = []): Promise<Chaos> {
    const folder = mkdtempSync(join(tmpdir(), 'gymnura-chaos-'))
    const python = findPython()
    if (python === undefined) console.log('no Python with NumPy here (GYMNURA_PYTHON names one): its models are left out')
    const frontend = await Frontend.make(folder, python)
    const answering = new Map([policy, fn, py].map(({ name }) => [name, new Answering()]))
    const world = new World(frontend, new Report(), new Facts(), answering, chaosApplications(answering, python !== undefined), !withFaults)
    return new Chaos(world, seed, withFaults, folder, besides, python !== undefined)
  }

  /** Random numbers of its own for each part, so that one's pace does not change another's draws. */
  #asker(): Asker {
    const draw = random(this.seed * 1000 + this.#streams++)
    return { world: this.world, draw, below: (most) => Math.floor(draw() * most) }
  }

  /** @param last done before the load ends */
  async run(milliseconds: number, last: (world: World) => Promise<void> = async () => {}): Promise<Report> {
    const { report, frontend } = this.world
    try {
      await this.#setUp()
      if (!this.withFaults) await fill(this.world)
      const printing = setInterval(() => this.#print(), PRINT_EVERY_MS)
      const parts = [
        ...Array.from({ length: ASKERS }, () => this.#ask()),
        ...Array.from({ length: RUDE_ONES }, () => this.#beRude()),
        this.#change(),
        ...this.besides.map((work) => work(this.world)),
      ]
      if (this.withFaults) parts.push(this.#harm(), this.#kill())
      const end = performance.now() + milliseconds
      while (performance.now() < end && !this.#over) await sleep(100)
      if (!this.#over) await last(this.world)
      this.world.over = true
      await Promise.all(parts)
      clearInterval(printing)
      if (!this.#isDead) await this.#lastLook()
      this.#print()
    } finally {
      for (const child of this.#wild) child.disconnect()
      await frontend.stop()
      hangUp()
    }
    await checkFeedback(this.world)
    await checkLessons(this.world)
    rmSync(this.folder, { recursive: true })
    return report
  }

  async #setUp(): Promise<void> {
    const { frontend, applications, facts, report } = this.world
    frontend.onDeath = (how) => {
      this.#isDead = true
      report.violation(`the frontend ended by itself ${how}`)
    }
    await frontend.start()
    for (const seed of Array.from({ length: WILD_ONES }, (_, i) => this.seed + i)) {
      const main = fileURLToPath(new URL('./wild-main.js', import.meta.url))
      this.#wild.push(fork(main, [frontend.containerAddress, WILD_TOKEN, String(seed)], { stdio: 'inherit' }))
    }
    const wild = {
      kind: 'external',
      token: WILD_TOKEN,
      replicas: WILD_ONES,
      limits: { batchMs: BATCH_LIMIT_MS },
      application: false,
    } as const
    await frontend.publish({ publish: 'wild', source: '', options: { ...wild, version: 1 } })
    const trouble = { kind: 'function', version: 1, limits: { batchMs: BATCH_LIMIT_MS }, application: false } as const
    await frontend.publish({ publish: 'trouble', source: String(troubleSource()), options: trouble })
    for (const [name, replicas] of [
      ['wild', WILD_ONES],
      ['trouble', 1],
    ] as const) {
      facts.settle(`version ${name}:1`, replicas)
      facts.settle(`current ${name}`, 1)
    }
    const arms = ARMS.map((name, arm) => [name, armSource(arm)] as const)
    const members = MEMBERS.map((name, i) => [name, memberSource(i === MEMBERS.length - 1)] as const)
    await this.#changes.setUp(applications.values(), [...arms, ...members])
    console.log(`${applications.size} applications are served by process ${frontend.pid}; seed ${this.seed}`)
  }

  get #over(): boolean {
    return this.#isDead || this.world.over || this.world.report.violations.length >= MOST_VIOLATIONS
  }

  /** One after another, until the time is over. */
  async #each(work: (asker: Asker) => Promise<void>): Promise<void> {
    const asker = this.#asker()
    while (!this.#over) {
      if (this.world.frontend.was('down', performance.now())) await sleep(20)
      else await work(asker)
    }
  }

  #ask(): Promise<void> {
    // Each as often as its weight says.
    const kinds = ASKING.flatMap(([weight, work]) => Array.from({ length: weight }, () => work))
    return this.#each(async (asker) => {
      await kinds[asker.below(kinds.length)](asker)
      await sleep(asker.below(10))
    })
  }

  #beRude(): Promise<void> {
    const kinds = Object.values(RUDE)
    return this.#each(async (asker) => {
      await kinds[asker.below(kinds.length)](asker)
      await sleep(asker.below(200))
    })
  }

  #change(): Promise<void> {
    return this.#each(async (asker) => {
      await this.#inTurn(() => this.#changes.any())
      await sleep(asker.below(1_000))
    })
  }

  /** Changes and looks do not overlap. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  #harm(): Promise<void> {
    const kinds = Object.entries(FAULTS)
    return this.#each(async (asker) => {
      const [name, harm] = kinds[asker.below(kinds.length)]
      await harm(asker)
      this.world.report.count('faults', name)
      await sleep(asker.below(LONGEST_PEACE_MS))
    })
  }

  /** Kills the frontend now and then; what was acknowledged is looked for after each restart. */
  async #kill(): Promise<void> {
    const asker = this.#asker()
    const { frontend, report } = this.world
    while (!this.#over) {
      const end = performance.now() + LIFE_MS.least + asker.below(LIFE_MS.more)
      while (performance.now() < end && !this.#over) await sleep(50)
      if (this.#over) return
      frontend.freeDisk()
      const left = await frontend.kill()
      if (left.length > 0) report.violation(`${left.length} containers outlived the frontend`)
      report.count('faults', 'kill -9 of the frontend')
      const startedAt = performance.now()
      await frontend.start()
      report.count('notes', `restarts within ${Math.ceil((performance.now() - startedAt) / 1000)} s`)
      await this.#inTurn(() => this.#look(asker))
    }
  }

  /** Whether what was acknowledged is there. */
  async #look(asker: Asker): Promise<void> {
    const facts = await seen(asker)
    if (facts === undefined) return
    for (const wrong of this.world.facts.observe(facts)) this.world.report.violation(`lost: ${wrong}`)
    for (const family of this.#changes.families) {
      const [version] = this.world.facts.get(`current ${family.name}`) as (number | null)[]
      if (version !== null) this.world.answering.get(family.name)!.settle(version)
    }
  }

  /** In peace at last, every application answers with more than its default. */
  async #lastLook(): Promise<void> {
    const asker = this.#asker()
    const { applications, report, frontend } = this.world
    frontend.freeDisk()
    frontend.resume()
    await this.#inTurn(() => this.#look(asker))
    for (const { name } of applications.values()) {
      const end = performance.now() + 30_000
      for (let i = 0; ; i++) {
        const answer = await this.world.call(`/${name}/predict`, JSON.stringify({ input: [i, 2, 3, 1] }))
        const told =
          answer?.status === 200 ? (JSON.parse(String(answer.body)) as { default: boolean; default_explanation?: string }) : undefined
        if (told?.default === false) break
        if (performance.now() > end) {
          report.violation(`${name} does not come back: ${told?.default_explanation ?? answer?.body}`)
          break
        }
        await sleep(50)
      }
    }
  }

  #print(): void {
    const { report, frontend } = this.world
    const { memory } = frontend
    const [resident, share] = [Math.round(memory.resident), Math.round(memory.share)]
    if (resident > MOST_MEGABYTES) report.violation(`the frontend uses ${resident} MB`)
    this.samples.push({ seconds: Math.round(report.seconds), answers: total(report.answers), memory: { resident, share } })
    if (!this.withFaults) return
    const parts = [
      `${total(report.answers)} answers`,
      `${total(report.faults)} faults`,
      `life ${frontend.lives}`,
      `${resident} MB (its share: ${share})`,
    ]
    console.log(`${Math.round(report.seconds)} s: ${parts.join(', ')}, ${report.violations.length} violations`)
  }
}
