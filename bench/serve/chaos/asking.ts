/** The load: queries over every API, whose answers are known. */
import { isDeepStrictEqual } from 'node:util'
import WebSocket from 'ws'
import type { ChaosApplication } from './applications.js'
import { type Family, fn, INPUT_SIZE, type Input, policy, TROUBLES } from './models.js'
import type { PredictAnswer, World } from './world.js'

/** Whose queries are asked: each learns apart. */
export const userName = (user: number) => `u${user}`

export interface Asker {
  readonly world: World
  /** In [0, 1). */
  readonly draw: () => number
  /** A whole number below `most`. */
  readonly below: (most: number) => number
}

const TROUBLE_SHARE = 0.02
/** So many different inputs are asked again and again, which the cache knows. */
const KNOWN_INPUTS = 50
export const USERS = 20
const FEEDBACK_SHARE = 0.3
const BLOCK_LIMIT_MS = 1_000

/** What may be done to the model in trouble. */
const troublesOf = ({ world }: Asker) =>
  Object.values(TROUBLES).filter((code) => !(world.isGentle && code === TROUBLES['answers 100,000 numbers']))

function inputFor(application: string, asker: Asker): Input {
  const { draw, below } = asker
  const again = draw() < 0.3
  const seed = again ? below(KNOWN_INPUTS) : below(1e6)
  const x = [seed % 100, (seed >> 3) % 50, (seed >> 5) % 1000, (seed % 9) - 4]
  const isTrouble = (application === 'trouble' || application === 'shedding') && draw() < TROUBLE_SHARE
  if (isTrouble) x[3] = anyOf(troublesOf(asker), asker)
  return x
}

const anyOf = <T>(items: Iterable<T>, { below }: Asker): T => {
  const all = [...items]
  return all[below(all.length)]
}

/** Refusals that are no faults: the queue is full. */
function isShed(application: ChaosApplication, status: number): boolean {
  return application.overload === 'shed' && status === 503
}

async function predict(asker: Asker): Promise<void> {
  const { world, draw, below } = asker
  const application = anyOf(world.applications.values(), asker)
  const size = draw() < 0.2 ? 1 + below(30) : 0
  const inputs = Array.from({ length: Math.max(1, size) }, () => inputFor(application.name, asker))
  const user = userName(below(USERS))
  const body = JSON.stringify(size === 0 ? { input: inputs[0], user } : { input_batch: inputs, user })
  const sentAt = performance.now()
  const answer = await world.call(`/${application.name}/predict`, body)
  if (answer === undefined) return
  const kind = size === 0 ? 'predict' : 'predict, batch'
  world.inTime(kind, sentAt, application.sloMs)
  if (isShed(application, answer.status)) return world.report.count('notes', 'shed')
  if (answer.status !== 200) return world.report.violation(`${kind} ${application.name}: ${answer.status} ${answer.body}`)
  const told = JSON.parse(String(answer.body)) as PredictAnswer & { batch_predictions: PredictAnswer[] }
  const answers = size === 0 ? [told] : told.batch_predictions
  if (answers.length !== inputs.length) world.report.violation(`${application.name}: ${answers.length} answers to ${inputs.length} queries`)
  const answeredAt = performance.now()
  for (const [i, x] of inputs.entries()) world.checkAnswer(application, answers[i], { x, sentAt, answeredAt })
  if (draw() < FEEDBACK_SHARE) await tell(asker, application.name, answers[below(answers.length)])
}

/** Feedback is acknowledged, or it is not known whether it was kept. */
async function tell({ world, below }: Asker, application: string, { query_id: queryId, default: isDefault }: PredictAnswer): Promise<void> {
  const reward = below(101) / 100
  const lessons = world.lessons.get(application) ?? { told: 0, tried: 0 }
  world.lessons.set(application, lessons)
  world.tried.add(queryId)
  if (!isDefault) lessons.tried++
  const sentAt = performance.now()
  const answer = await world.call(`/${application}/update`, JSON.stringify({ query_id: queryId, reward }))
  if (answer === undefined) return
  world.inTime('feedback', sentAt, 1_000)
  if (answer.status !== 200) {
    if (world.frontend.was('full', sentAt)) return world.report.count('notes', 'feedback refused: the disk is full')
    return world.report.violation(`feedback: ${answer.status} ${answer.body}`)
  }
  const { accepted, reason } = JSON.parse(String(answer.body)) as { accepted: boolean; reason?: string }
  if (accepted) {
    world.told.set(queryId, reward)
    if (!isDefault) lessons.told++
  }
  // A frontend that was started since knows nothing of the query.
  else world.report.count('notes', `feedback: ${String(reason).replace(/\d+/g, 'N').slice(0, 60)}`)
}

const FAMILIES: readonly Family[] = [policy, fn]

/** Whether a failed block is one that nobody can be blamed for. */
function blockFailed({ world }: Asker, what: string, status: number, body: string): void {
  if (status === 504 || status === 503 || (status === 500 && /container|late|lost/.test(body)))
    world.report.count('notes', `${what}: ${status}`)
  else if (status === 404 && body.includes('does not exist')) world.report.count('notes', `${what}: the version is gone`)
  else world.report.violation(`${what}: ${status} ${body}`)
}

interface InferAnswer {
  readonly model_version: string
  readonly outputs: readonly { readonly name: string; readonly data?: number[]; readonly datatype: string }[]
}

/** Open Inference v2, JSON or bytes: a block of rows of one version, which the answer names. */
async function infer(asker: Asker): Promise<void> {
  const { world, draw, below } = asker
  const family = anyOf(FAMILIES, asker)
  const rows = Array.from({ length: 1 + below(60) }, () => inputFor(family.name, asker))
  const binary = draw() < 0.5
  const tensor = { name: family === policy ? 'observation' : 'input', datatype: 'FP32', shape: [rows.length, INPUT_SIZE] }
  const bytes = Buffer.from(Float32Array.from(rows.flat()).buffer)
  const parameters = { timeout: 1000 * BLOCK_LIMIT_MS }
  const outputs = [{ name: family === policy ? 'action' : 'y', parameters: { binary_data: binary } }]
  const input = binary ? { ...tensor, parameters: { binary_data_size: bytes.length } } : { ...tensor, data: rows.flat() }
  const head = Buffer.from(JSON.stringify({ id: 'c', inputs: [input], outputs, parameters }))
  const body = binary ? Buffer.concat([head, bytes]) : head
  const headers = { 'content-type': 'application/json', ...(binary && { 'inference-header-content-length': head.length }) }
  const sentAt = performance.now()
  const answer = await world.call(`/v2/models/${family.name}/infer`, body, headers)
  if (answer === undefined) return
  const kind = binary ? 'v2, bytes' : 'v2, JSON'
  world.inTime(kind, sentAt, BLOCK_LIMIT_MS)
  if (answer.status !== 200) return blockFailed(asker, kind, answer.status, String(answer.body))
  const length = Number(answer.headers['inference-header-content-length'] ?? answer.body.length)
  const told = JSON.parse(answer.body.toString('utf8', 0, length)) as InferAnswer
  const data = told.outputs[0].data ?? numbersOf(answer.body.subarray(length), told.outputs[0].datatype)
  checkRows(asker, kind, family, Number(told.model_version), rows, data, sentAt, true)
}

function numbersOf(bytes: Buffer, datatype: string): number[] {
  const copy = new Uint8Array(bytes).buffer
  if (datatype === 'FP64') return [...new Float64Array(copy)]
  return datatype === 'INT64' ? [...new BigInt64Array(copy)].map(Number) : [...new Int32Array(copy)]
}

function checkRows(
  { world }: Asker,
  kind: string,
  family: Family,
  version: number,
  rows: readonly Input[],
  data: readonly number[],
  sentAt: number,
  isCurrent: boolean,
): void {
  const expected = rows.flatMap((x) => family.expected(version, x) as number | number[])
  if (!isDeepStrictEqual(data.flat(), expected))
    world.report.violation(
      `wrong: ${kind} of ${family.name}:${version}: ${JSON.stringify(data).slice(0, 200)}; expected ${JSON.stringify(expected).slice(0, 200)}`,
    )
  if (isCurrent && !world.answering.get(family.name)!.may(version, sentAt, performance.now()))
    world.report.violation(`wrong: ${kind} of ${family.name} answered by version ${version}, which is not current`)
}

/** TensorFlow Serving's REST, of a version that is named. */
async function tfPredict(asker: Asker): Promise<void> {
  const { world, below } = asker
  const family = anyOf(FAMILIES, asker)
  const [version] = world.facts.get(`current ${family.name}`) as number[]
  const rows = Array.from({ length: 1 + below(20) }, () => inputFor(family.name, asker))
  const sentAt = performance.now()
  const answer = await world.call(`/v1/models/${family.name}/versions/${version}:predict`, JSON.stringify({ instances: rows }))
  if (answer === undefined) return
  world.inTime('TensorFlow Serving', sentAt, 10_000)
  if (answer.status !== 200) return blockFailed(asker, 'TensorFlow Serving', answer.status, String(answer.body))
  const { predictions } = JSON.parse(String(answer.body)) as { predictions: (number | number[] | { action: number })[] }
  const data = predictions.map((row) => (typeof row === 'object' && 'action' in row ? row.action : row))
  checkRows(asker, 'TensorFlow Serving', family, version, rows, data.flat(), sentAt, false)
}

/** Server-sent events: an answer an input, then an end. */
async function stream(asker: Asker): Promise<void> {
  const { world, below } = asker
  const application = world.applications.get(anyOf(['policy', 'fn', 'bandit', 'trouble', 'wild'], asker))!
  const inputs = Array.from({ length: 1 + below(8) }, () => inputFor(application.name, asker))
  const sentAt = performance.now()
  const answer = await world.call(`/${application.name}/stream`, JSON.stringify({ input_batch: inputs }))
  if (answer === undefined) return
  world.inTime('SSE', sentAt, application.sloMs)
  if (answer.status !== 200) return world.report.violation(`SSE ${application.name}: ${answer.status} ${answer.body}`)
  const text = String(answer.body)
  const events = [...text.matchAll(/event: prediction\nid: \d+\ndata: (.*)\n\n/g)].map(
    ([, data]) => JSON.parse(data) as PredictAnswer & { index: number },
  )
  const isWhole = text.endsWith(`event: end\ndata: {"answers":${inputs.length}}\n\n`)
  if (events.length !== inputs.length || !isWhole)
    return world.report.violation(`unanswered: SSE ${application.name}: ${events.length} of ${inputs.length}`)
  const answeredAt = performance.now()
  for (const event of events) world.checkAnswer(application, event, { x: inputs[event.index], sentAt, answeredAt })
}

/** A control loop over a WebSocket: several messages on their way at once, each answered by its id. */
function control(asker: Asker): Promise<void> {
  const { world, below } = asker
  const application = world.applications.get(anyOf(['policy', 'fn', 'py', 'bandit', 'trouble'], asker))
  if (application === undefined) return Promise.resolve()
  const socket = new WebSocket(`ws://127.0.0.1:${world.frontend.port}/${application.name}/control`)
  const open = new Map<number, { x: Input; sentAt: number }>()
  const openedAt = performance.now()
  let left = 5 + below(30)
  return new Promise((resolve) => {
    const limit = setTimeout(() => socket.terminate(), 30_000)
    const ask = () => {
      const [id, x] = [left--, inputFor(application.name, asker)]
      open.set(id, { x, sentAt: performance.now() })
      socket.send(JSON.stringify({ id, input: x, user: userName(below(USERS)) }))
    }
    socket.on('open', () => {
      for (let i = 0; i < 4; i++) ask()
    })
    socket.on('message', (data) => {
      const answer = JSON.parse(String(data)) as PredictAnswer & { id: number; error?: string; cause?: string }
      const asked = open.get(answer.id)
      if (asked === undefined || answer.error !== undefined) world.report.violation(`control ${application.name}: ${data}`)
      else {
        world.inTime('WebSocket', asked.sentAt, application.sloMs)
        world.checkAnswer(application, answer, { ...asked, answeredAt: performance.now() })
      }
      open.delete(answer.id)
      if (left > 0) ask()
      else if (open.size === 0) socket.close()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(limit)
      const since = Math.min(openedAt, ...[...open.values()].map(({ sentAt }) => sentAt))
      if (open.size > 0 || left > 0) world.unanswered(`control ${application.name}: ${open.size} messages`, since)
      resolve()
    })
  })
}

/** A kind of work, and how often it is done. */
export const ASKING: readonly (readonly [weight: number, work: (asker: Asker) => Promise<void>])[] = [
  [12, predict],
  [3, infer],
  [2, tfPredict],
  [2, stream],
  [1, control],
]
