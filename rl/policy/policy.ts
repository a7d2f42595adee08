import { RandomGenerator } from '../../envs/seeding.js'
import { Discrete, flatdim, type Space } from '../../envs/spaces/index.js'
import * as categorical from '../nn/categorical.js'
import { Heap } from '../nn/heap.js'
import type { NamedTensor } from '../nn/mlp.js'
import { ActorCritic } from './actor-critic.js'
import { METADATA_KEY, type ParsedDescription, type PolicyDescription, parseDescription } from './description.js'
import { PolicyError } from './errors.js'
import { Normalizer } from './normalizer.js'
import { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.js'

/** Rows of one pass through the network; larger batches are taken in blocks. */
const BLOCK_ROWS = 256
/** A served policy's memory may grow to this; networks are small, the address space is only reserved. */
const MAXIMUM_BYTES = 256 * 2 ** 20

/** NumPy's limit on dimensions; also what ends an array that holds itself. */
const MOST_DIMENSIONS = 64

export interface ActOptions {
  /** The most probable action (ties: the lowest) instead of a drawn one. */
  readonly deterministic?: boolean
  /** Also compute `probabilities`, `logProbs` and, where there is a critic, `values`. */
  readonly extras?: boolean
}

/** Answers for `n` observations; the arrays are valid until the policy acts again. */
export interface Acts {
  /** `[n]` elements of the action space. */
  readonly actions: Int32Array
  /** `[n, numActions]` */
  readonly probabilities?: Float32Array
  /** `[n]` log-probability of each action. */
  readonly logProbs?: Float32Array
  /** `[n]` the critic's values. */
  readonly values?: Float32Array
}

/** An observation as an environment or a JSON body gives it; nested arrays are taken row-major. */
export type Observation = number | ArrayLike<number> | readonly Observation[]

/** A policy that acts: network, weights, preprocessing and spaces, as one `.safetensors` file holds them. */
export class Policy {
  readonly description: PolicyDescription
  readonly observationSpace: Space<unknown>
  readonly actionSpace: Discrete
  /** Length of a flat observation. */
  readonly inputSize: number
  /** Length of an action: 1 for a Discrete space. */
  readonly outputSize = 1
  readonly numActions: number
  readonly #network: ActorCritic
  readonly #parameters: Float32Array
  readonly #normalizer: Normalizer | null
  #random = new RandomGenerator()
  #capacity = 0
  #out!: Required<Acts>

  /** For `loadPolicy` and for algorithms, whose policies share their network's memory. */
  constructor({ description, observationSpace, actionSpace }: ParsedDescription, network: ActorCritic, parameters: Float32Array) {
    const { actor } = description.network
    this.inputSize = flatdim(observationSpace)
    if (!(actionSpace instanceof Discrete)) {
      throw new PolicyError('POLICY_INVALID', `the policy acts in ${actionSpace}; a categorical policy needs a Discrete action space`)
    }
    const fits = actor.sizes[0] === this.inputSize && actor.sizes.at(-1) === actionSpace.n
    const moments = description.normalizer?.mean.length ?? this.inputSize
    if (!fits || moments !== this.inputSize) {
      const has = `sizes [${actor.sizes.join(', ')}]${description.normalizer ? ` and a normaliser of ${moments} values` : ''}`
      throw new PolicyError(
        'POLICY_INVALID',
        `the policy's network has ${has}, its spaces are ${observationSpace} and ${actionSpace}; they must agree`,
      )
    }
    this.description = description
    this.observationSpace = observationSpace
    this.actionSpace = actionSpace
    this.numActions = actionSpace.n
    this.#network = network
    this.#parameters = parameters
    this.#normalizer = description.normalizer && Normalizer.from(description.normalizer)
  }

  get algorithm(): string {
    return this.description.algorithm
  }

  get environmentId(): string {
    return this.description.environmentId
  }

  /** Makes drawn actions (`deterministic: false`) repeatable. */
  seed(seed: number | bigint): void {
    this.#random = new RandomGenerator(seed)
  }

  /**
   * The action for one observation, as Stable-Baselines3's `predict`: `[action, state]`, the state undefined without memory.
   * @throws PolicyError `POLICY_SPACES` for an observation of another length or with a value that is not finite
   */
  predict(observation: Observation, { deterministic = false }: ActOptions = {}): [action: number, state: undefined] {
    const flat = new Float32Array(this.inputSize)
    const length = flatten(observation, flat, 0)
    if (length !== this.inputSize) {
      throw new PolicyError('POLICY_SPACES', `the observation has ${length} values; expected ${this.inputSize} (${this.observationSpace})`)
    }
    return [this.act(flat, 1, { deterministic }).actions[0], undefined]
  }

  /** Actions for `n` flat observations, `[n, inputSize]` row-major. A row's answer doesn't depend on the rows beside it. */
  act(observations: Float32Array, n: number, { deterministic = false, extras = false }: ActOptions = {}): Acts {
    if (!Number.isSafeInteger(n) || n < 0) {
      throw new PolicyError('POLICY_SPACES', `act() takes the number of observations, a whole number of at least 0; got ${n}`)
    }
    if (observations.length < n * this.inputSize) {
      throw new PolicyError('POLICY_SPACES', `${observations.length} values given for ${n} observations of ${this.inputSize} values`)
    }
    this.#reserve(n)
    const rows = this.#network.maxBatch
    for (let row = 0; row < n; row += rows) this.#actBlock(observations, row, Math.min(rows, n - row), deterministic, extras)
    const { actions, probabilities, logProbs, values } = this.#out
    if (!extras) return { actions: actions.subarray(0, n) }
    return {
      actions: actions.subarray(0, n),
      probabilities: probabilities.subarray(0, n * this.numActions),
      logProbs: logProbs.subarray(0, n),
      ...(this.#network.critic && { values: values.subarray(0, n) }),
    }
  }

  /** The policy as the bytes of a `.safetensors` file. */
  toBytes(): Uint8Array {
    return encodeSafetensors(this.#network.toTensors(this.#parameters), { [METADATA_KEY]: JSON.stringify(this.description) })
  }

  /** Writes `toBytes()` to a file, whole or not at all. */
  async save(path: string): Promise<void> {
    const { writeFileAtomically } = await import('./files.js')
    await writeFileAtomically(path, this.toBytes())
  }

  #reserve(n: number): void {
    if (n <= this.#capacity) return
    this.#capacity = Math.max(n, 2 * this.#capacity)
    this.#out = {
      actions: new Int32Array(this.#capacity),
      logProbs: new Float32Array(this.#capacity),
      values: new Float32Array(this.#capacity),
      probabilities: new Float32Array(this.#capacity * this.numActions),
    }
  }

  #actBlock(observations: Float32Array, first: number, n: number, deterministic: boolean, extras: boolean): void {
    const { inputSize, numActions } = this
    const { inputs, uniforms, actions, logProbs, probabilities } = this.#network.rows
    const given = observations.subarray(first * inputSize, (first + n) * inputSize)
    if (this.#normalizer) this.#normalizer.normalize(given, inputs, n)
    else inputs.set(given)
    const network = this.#network
    const logits = network.actor.forward(network.actorPart(this.#parameters), inputs, n)
    if (deterministic) categorical.greedy(logits, actions, n, numActions)
    else {
      for (let row = 0; row < n; row++) uniforms[row] = this.#random.random()
      categorical.sample(logits, uniforms, actions, logProbs, n, numActions)
    }
    const { start } = this.actionSpace
    for (let row = 0; row < n; row++) this.#out.actions[first + row] = actions[row] + start
    if (!extras) return
    categorical.logProb(logits, actions, logProbs, n, numActions)
    categorical.probabilities(logits, probabilities, n, numActions)
    this.#out.logProbs.set(logProbs.subarray(0, n), first)
    this.#out.probabilities.set(probabilities.subarray(0, n * numActions), first * numActions)
    if (network.critic) this.#out.values.set(network.critic.forward(network.criticPart(this.#parameters), inputs, n).subarray(0, n), first)
  }
}

/** Writes an observation's numbers to `out` from `at` on and gives back where it ended; refuses what is not finite. */
function flatten(observation: Observation, out: Float32Array, at: number, depth = 0): number {
  if (typeof observation === 'number') {
    if (!Number.isFinite(Math.fround(observation))) {
      throw new PolicyError('POLICY_SPACES', `value ${at} of the observation is ${observation}; expected a finite float32`)
    }
    if (at < out.length) out[at] = observation
    return at + 1
  }
  if (typeof observation !== 'object' || observation === null || !('length' in observation)) {
    throw new PolicyError('POLICY_SPACES', `value ${at} of the observation is ${String(observation)}; expected a finite number`)
  }
  if (depth > MOST_DIMENSIONS) throw new PolicyError('POLICY_SPACES', `the observation is nested deeper than ${MOST_DIMENSIONS} arrays`)
  let end = at
  for (let i = 0; i < observation.length; i++) end = flatten(observation[i] as Observation, out, end, depth + 1)
  return end
}

/**
 * Reads a policy from a file's path or its bytes. Nothing in the file is executed.
 * @throws PolicyError (see errors.ts) for a file that is missing, truncated, not a policy, or made for spaces that it contradicts
 */
export async function loadPolicy(source: string | Uint8Array): Promise<Policy> {
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) {
    throw new PolicyError(
      'POLICY_NOT_FOUND',
      `loadPolicy() takes a file's path or its bytes (Uint8Array); got ${source === null ? 'null' : typeof source}`,
    )
  }
  const at = typeof source === 'string' ? `${source}: ` : ''
  try {
    const { tensors, metadata } = decodeSafetensors(typeof source === 'string' ? await readPolicy(source) : source)
    const parsed = parseDescription(metadata)
    const heap = Heap.create(MAXIMUM_BYTES)
    const network = new ActorCritic(heap, parsed.description.network, { maxBatch: BLOCK_ROWS })
    const parameters = network.allocateParameters()
    network.fromTensors(parameters, float32Tensors(tensors))
    if (!parameters.every(Number.isFinite)) throw new PolicyError('POLICY_INVALID', 'a weight is not finite; train the policy again')
    return new Policy(parsed, network, parameters)
  } catch (cause) {
    if (cause instanceof PolicyError) throw new PolicyError(cause.code, `${at}${cause.message}`, { cause: cause.cause })
    throw new PolicyError('POLICY_INVALID', `${at}${(cause as Error).message}`, { cause })
  }
}

/** @throws PolicyError `POLICY_INVALID` for a tensor of another dtype */
function float32Tensors(tensors: Safetensors['tensors']): NamedTensor[] {
  return Array.from(tensors.values(), ({ name, shape, data }) => {
    if (data instanceof Float32Array) return { name, shape: [...shape], data }
    throw new PolicyError('POLICY_INVALID', `tensor ${name} is a ${data.constructor.name}; a policy's weights are float32 (dtype F32)`)
  })
}

async function readPolicy(path: string): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises')
  try {
    return await readFile(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : message
    throw new PolicyError('POLICY_NOT_FOUND', `${why}; expected a policy that save() or \`gymnura train\` wrote`, { cause })
  }
}
