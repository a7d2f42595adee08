import { figure } from '../../timeit.js'

/** One line with a rate, from `start` (performance.now()) until now. Returns the rate, a second. */
export function report(program: string, count: number, unit: string, start: number): number {
  const seconds = (performance.now() - start) / 1000
  const rate = count / seconds
  console.log(`${program}: ${count.toLocaleString('en')} ${unit} in ${seconds.toFixed(2)} s, ${figure(rate)} ${unit}/s`)
  return rate
}
