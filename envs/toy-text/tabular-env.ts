import { checkChoice } from '../actions.js'
import { checkResetOptions, Env, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import { ResetNeeded } from '../errors.js'
import { rasterized } from '../rendering/raster.js'
import { shown } from '../shown.js'
import { Discrete } from '../spaces/index.js'
import { invalidState } from '../state.js'
import type { Outcome, TransitionTable } from './transition-table.js'

/** An environment that is a table of transitions. Observations are states, actions are numbers; infos have the `prob` of what happened. */
export abstract class TabularEnv extends Env<number, number> {
  override readonly actionSpace: Discrete
  override readonly observationSpace: Discrete
  /** The state; −1 before the first reset. */
  s = -1
  protected lastAction: number | null = null

  /** @param meanings of the actions, in words */
  constructor(
    private readonly called: string,
    readonly table: TransitionTable,
    protected readonly meanings: readonly string[],
  ) {
    super()
    this.actionSpace = new Discrete(table.actions)
    this.observationSpace = new Discrete(table.states)
  }

  /** What may come of each action in each state: `P[state][action]` is a list of [probability, next state, reward, terminated]. */
  get P(): Outcome[][][] {
    const { actions, states } = this.table
    return Array.from({ length: states }, (_, s) => Array.from({ length: actions }, (_, a) => this.table.outcomes(s, a)))
  }

  /** @throws InvalidKwargs */
  override reset(given: ResetOptions = {}): [number, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    this.s = this.table.first(this.npRandom.random())
    this.lastAction = null
    return [this.s, this.infoOf(1)]
  }

  /** @throws InvalidAction, ResetNeeded */
  override step(action: number): StepResult<number> {
    checkChoice(this.called, this.meanings, action)
    const { s, table } = this
    if (s < 0) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    const at = table.draw(s, action, this.npRandom.random())
    this.s = this.arrive(s, table.next[at]!)
    this.lastAction = action
    return [this.s, table.reward[at]!, table.terminated[at] === 1, false, this.infoOf(table.probability[at]!)]
  }

  /** The state that follows, where a subclass has more to say than the table. */
  protected arrive(_from: number, to: number): number {
    return to
  }

  protected infoOf(prob: number): Info {
    return { prob }
  }

  override render(): RenderFrame | null {
    if (this.renderMode === null || this.s < 0) return null
    return this.renderMode === 'ansi' ? this.text() : rasterized(this.drawing()!)
  }

  /** What 'ansi' shows. */
  protected abstract text(): string

  protected override saveOwn(): Record<string, unknown> {
    return { s: this.s, lastAction: this.lastAction }
  }

  protected override loadOwn({ s, lastAction }: Record<string, unknown>): void {
    if (s !== -1 && !this.observationSpace.contains(s)) throw invalidState(`s of ${this.called} is a state or -1, got ${shown(s)}`)
    if (lastAction !== null && !this.actionSpace.contains(lastAction))
      throw invalidState(`lastAction of ${this.called} is an action or null, got ${shown(lastAction)}`)
    this.s = s as number
    this.lastAction = lastAction
  }
}
