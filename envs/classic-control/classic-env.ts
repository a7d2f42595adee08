/** What the classic control tasks have in common: a state of a few doubles, and a picture of it. */
import { Env, type RenderFrame } from '../env.js'
import { ResetNeeded } from '../errors.js'
import { rasterized } from '../rendering/raster.js'
import { numbersFromState } from '../state.js'

export abstract class ClassicEnv<Act> extends Env<Float32Array, Act> {
  /** The state in double precision; null before the first reset. */
  state: Float64Array | null = null
  /** Numbers in the state. */
  protected abstract readonly stateSize: number

  /** @throws ResetNeeded */
  protected started(): Float64Array {
    if (this.state === null) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    return this.state
  }

  override render(): RenderFrame | null {
    const drawing = this.renderMode === null ? null : this.drawing()
    return drawing && rasterized(drawing)
  }

  protected override saveOwn(): Record<string, unknown> {
    return { state: this.state && Array.from(this.state) }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    this.state = own.state === null ? null : Float64Array.from(numbersFromState(own, 'state', this.stateSize))
  }
}
