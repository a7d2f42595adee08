/**
 * Tasks that start themselves and wait for what they started. A task that waits gives its CPU back, so any depth runs on any number of
 * workers: fib(25) is 250 K tasks, thousands of them waiting at once, on two threads.
 */
import { get, remote } from '../../../core/index.js'
import { report } from './report.js'

export async function fib(n: number): Promise<number> {
  if (n < 2) return n
  const [a, b] = await get([nestedFib.remote(n - 1), nestedFib.remote(n - 2)])
  return a + b
}

// The module is imported by the workers: what a task calls by name is there, the remote function itself included.
const nestedFib = remote(fib, { module: import.meta.url })

/** @param size the index of the Fibonacci number */
export async function main(size = 25): Promise<{ value: number; tasks: number }> {
  const start = performance.now()
  const value = await get(nestedFib.remote(size))
  // fib(n) takes 2 fib(n + 1) − 1 calls.
  const [right, next] = iterate(size)
  const tasks = 2 * next - 1
  report('recursive tasks', tasks, 'tasks', start)
  if (value !== right) throw new Error(`recursive tasks: fib(${size}) is ${right}, not ${value}`)
  return { value, tasks }
}

/** fib(n) and fib(n + 1) */
function iterate(n: number): [number, number] {
  let [a, b] = [0, 1]
  for (let i = 0; i < n; i++) [a, b] = [b, a + b]
  return [a, b]
}
