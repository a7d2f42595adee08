/** Wakes whoever waits for something to change; they look for themselves what it was. */
export class Signal {
  private waiting: (() => void)[] = []

  fire(): void {
    const { waiting } = this
    if (waiting.length === 0) return
    this.waiting = []
    for (const wake of waiting) wake()
  }

  /** Resolves at the next `fire`, or after `timeoutMs`. */
  wait(timeoutMs = Infinity): Promise<void> {
    return new Promise((resolve) => {
      if (timeoutMs === Infinity) {
        this.waiting.push(resolve)
        return
      }
      const wake = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((other) => other !== wake)
        resolve()
      }, timeoutMs)
      this.waiting.push(wake)
    })
  }
}
