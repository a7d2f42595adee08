/** Classes that workers import. */
import { exitActor } from 'gymnura'

export const exportedActors = import.meta.url

export class Counter {
  n: number
  constructor(n = 0) {
    this.n = n
  }
  add(k: number): number {
    this.n += k
    return this.n
  }
}

export class Other {
  add(): string {
    return 'another class'
  }
}

export class Leaver {
  n = 0
  add(k: number): number {
    this.n += k
    return this.n
  }
  leave(): number {
    exitActor()
  }
  async leaveLater(ms: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return await exitActor()
  }
  leaveAndCatch(): string {
    try {
      return exitActor()
    } catch {
      return 'still here'
    }
  }
  leaveByTimer(): string {
    setTimeout(() => exitActor(), 1)
    return 'soon'
  }
  async nap(ms: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return 'rested'
  }
}
