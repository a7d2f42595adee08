/**
 * What was acknowledged, as facts: a name and the values that it may have. One value where the last change was acknowledged; several
 * while a change is on its way, or where it was cut off and nobody knows whether it was made.
 */
export class Facts {
  readonly #possible = new Map<string, readonly string[]>()

  /** A change begins: the fact may come to be `value`; null for not being there. */
  begin(name: string, value: unknown): void {
    this.#possible.set(name, [...new Set([...this.#of(name), JSON.stringify(value)])])
  }

  /** It was acknowledged. */
  settle(name: string, value: unknown): void {
    this.#possible.set(name, [JSON.stringify(value)])
  }

  /** The values that are possible now. */
  get(name: string): unknown[] {
    return this.#of(name).map((text) => JSON.parse(text) as unknown)
  }

  #of(name: string): readonly string[] {
    return this.#possible.get(name) ?? ['null']
  }

  /** What differs from what is seen now, in words; what is seen is what holds from now on. */
  observe(seen: ReadonlyMap<string, unknown>): string[] {
    const wrong: string[] = []
    for (const name of new Set([...this.#possible.keys(), ...seen.keys()])) {
      const value = JSON.stringify(seen.get(name) ?? null)
      const possible = this.#of(name)
      if (!possible.includes(value)) wrong.push(`${name} is ${value}, but ${possible.join(' or ')} was acknowledged`)
      this.#possible.set(name, [value])
    }
    return wrong
  }
}

/** Which version of a model may have answered when. */
export class Answering {
  #spans: { readonly version: number; readonly from: number; to: number }[] = []

  /** From now on, perhaps beside others. */
  begin(version: number): void {
    this.#spans.push({ version, from: performance.now(), to: Number.POSITIVE_INFINITY })
  }

  /** From now on no other one. */
  settle(version: number): void {
    const now = performance.now()
    if (!this.#spans.some((span) => span.version === version && span.to > now)) this.begin(version)
    for (const span of this.#spans) if (span.version !== version) span.to = Math.min(span.to, now)
    this.#spans = this.#spans.filter(({ to }) => now - to < 120_000)
  }

  /** Whether it may have answered a query of this time. */
  may(version: number, sentAt: number, answeredAt: number): boolean {
    return this.#spans.some((span) => span.version === version && span.from <= answeredAt && span.to >= sentAt)
  }
}
