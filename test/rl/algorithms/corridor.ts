import { Env, type Info, type ResetOptions, register, type StepResult, spaces } from 'gymnura/envs'

/** Five places in a row; walking to the last one pays 1. */
export class Corridor extends Env<Float32Array, number> {
  override readonly observationSpace = new spaces.Box(0, 1, { shape: [1] })
  override readonly actionSpace = new spaces.Discrete(2)
  private at = 0
  override reset({ seed }: ResetOptions = {}): [Float32Array, Info] {
    this.seedRandom(seed)
    this.at = 0
    return [Float32Array.of(0), {}]
  }
  override step(action: number): StepResult<Float32Array> {
    this.at = Math.max(0, this.at + (action === 1 ? 1 : -1))
    return [Float32Array.of(this.at / 4), this.at === 4 ? 1 : 0, this.at === 4, false, {}]
  }
}
register({ id: 'Corridor-v0', entryPoint: Corridor, maxEpisodeSteps: 20 })
