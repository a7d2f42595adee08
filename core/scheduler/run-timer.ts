/**
 * The time that a task may run: rings when it is used up. It stands while the task cannot go on for a reason that is not its own.
 */
export class RunTimer {
  private timer: NodeJS.Timeout | undefined
  private since = 0

  constructor(
    private leftMs: number,
    private readonly ring: () => void,
  ) {
    this.go()
  }

  get stands(): boolean {
    return this.timer === undefined
  }

  go(): void {
    if (!this.stands) return
    this.since = performance.now()
    this.timer = setTimeout(this.ring, this.leftMs).unref()
  }

  stand(): void {
    if (this.stands) return
    clearTimeout(this.timer)
    this.timer = undefined
    this.leftMs = Math.max(0, this.leftMs - (performance.now() - this.since))
  }
}
