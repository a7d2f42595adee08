import { Env, type EnvMetadata, type Info, type ResetOptions, type RGBFrame, type StepResult, spaces } from 'gymnura/envs'

/** Small colour pictures that follow from the time, as observation and as frame. test/golden/envs/parts/wrapped.py has the same. */
export class Pictures extends Env<Uint8Array, number> {
  override readonly observationSpace: spaces.Box<'uint8'>
  override readonly actionSpace = new spaces.Discrete(3)
  override metadata: EnvMetadata = { renderModes: ['rgb_array'], renderFps: 10 }
  override renderMode: string | null = 'rgb_array'
  private time = 0

  constructor(
    private readonly height: number,
    private readonly width: number,
  ) {
    super()
    this.observationSpace = new spaces.Box(0, 255, { shape: [height, width, 3], dtype: 'uint8' })
  }

  #picture(): Uint8Array {
    const { time } = this
    return Uint8Array.from({ length: 3 * this.height * this.width }, (_, i) => 17 * time * time + 31 * i + 7 * (i % 5) * time)
  }

  override reset({ seed }: ResetOptions = {}): [Uint8Array, Info] {
    this.seedRandom(seed)
    this.time = this.npRandom.integers(5)
    return [this.#picture(), {}]
  }

  override step(action: number): StepResult<Uint8Array> {
    this.time += action + 1
    return [this.#picture(), (this.time % 3) - 1, this.time > 40, false, {}]
  }

  override render(): RGBFrame {
    return { width: this.width, height: this.height, data: this.#picture() }
  }
}
