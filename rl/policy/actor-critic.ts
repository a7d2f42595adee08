import type { Heap } from '../nn/heap.js'
import { Mlp, type MlpDescription, type NamedTensor } from '../nn/mlp.js'

export interface ActorCriticDescription {
  readonly actor: MlpDescription
  readonly critic: MlpDescription | null
}

/** Orthogonal gains (Engstrom et al., 2020; the same in Stable-Baselines3): √2 inside, a near-uniform first policy, unit values. */
const HIDDEN_GAIN = Math.SQRT2
const ACTOR_OUTPUT_GAIN = 0.01
const CRITIC_OUTPUT_GAIN = 1
/** Actor, critic and the whole vector each begin at a cache line of their own, so that threads writing neighbours do not share one. */
const LINE_FLOATS = 16
const alignToLine = (floats: number) => Math.ceil(floats / LINE_FLOATS) * LINE_FLOATS

const gains = (mlp: MlpDescription, output: number) =>
  mlp.sizes.slice(1).map((_, layer, all) => (layer === all.length - 1 ? output : HIDDEN_GAIN))

/** Arrays in the heap, `maxBatch` rows each. */
export interface ActingRows {
  readonly inputs: Float32Array
  readonly uniforms: Float64Array
  readonly actions: Int32Array
  readonly logProbs: Float32Array
  readonly probabilities: Float32Array
}

/** A policy network and a separate value network whose parameters lie in one flat vector: `[actor | critic]`. */
export class ActorCritic {
  readonly description: ActorCriticDescription
  readonly actor: Mlp
  readonly critic: Mlp | null
  readonly parameterCount: number
  readonly maxBatch: number
  readonly #heap: Heap
  readonly #criticStart: number
  #rows: ActingRows | undefined

  /** `maxBatch`: the most rows one forward or backward pass takes. */
  constructor(heap: Heap, description: ActorCriticDescription, { maxBatch }: { maxBatch: number }) {
    this.#heap = heap
    this.description = description
    this.maxBatch = maxBatch
    this.actor = new Mlp(heap, description.actor, { maxBatch })
    this.critic = description.critic && new Mlp(heap, description.critic, { maxBatch })
    this.#criticStart = alignToLine(this.actor.parameterCount)
    this.parameterCount = alignToLine(this.#criticStart + (this.critic?.parameterCount ?? 0))
  }

  /** Room for `maxBatch` rows of what acting takes and gives; allocated when first used. */
  get rows(): ActingRows {
    const heap = this.#heap
    const { sizes } = this.description.actor
    this.#rows ??= {
      inputs: heap.float32(this.maxBatch * sizes[0]),
      uniforms: heap.float64(this.maxBatch),
      actions: heap.int32(this.maxBatch),
      logProbs: heap.float32(this.maxBatch),
      probabilities: heap.float32(this.maxBatch * sizes.at(-1)!),
    }
    return this.#rows
  }

  /** A zeroed parameter vector in the heap. */
  allocateParameters(): Float32Array {
    return this.#heap.float32(this.parameterCount)
  }

  actorPart(vector: Float32Array): Float32Array {
    return vector.subarray(0, this.actor.parameterCount)
  }

  criticPart(vector: Float32Array): Float32Array {
    return vector.subarray(this.#criticStart, this.#criticStart + (this.critic?.parameterCount ?? 0))
  }

  initialize(parameters: Float32Array, random: { standardNormal(): number }): void {
    this.actor.initialize(this.actorPart(parameters), random, gains(this.description.actor, ACTOR_OUTPUT_GAIN))
    const { critic } = this.description
    if (this.critic && critic) this.critic.initialize(this.criticPart(parameters), random, gains(critic, CRITIC_OUTPUT_GAIN))
  }

  /** Tensors under PyTorch's names and shapes: `actor.0.weight` `[out, in]`, `actor.0.bias` `[out]`, `critic.…`. */
  toTensors(parameters: Float32Array): NamedTensor[] {
    const critic = this.critic?.toTensors(this.criticPart(parameters), 'critic') ?? []
    return [...this.actor.toTensors(this.actorPart(parameters), 'actor'), ...critic]
  }

  /** @throws NnError for a tensor that is missing or has another shape */
  fromTensors(parameters: Float32Array, tensors: readonly NamedTensor[]): void {
    this.actor.fromTensors(this.actorPart(parameters), tensors, 'actor')
    this.critic?.fromTensors(this.criticPart(parameters), tensors, 'critic')
  }
}
