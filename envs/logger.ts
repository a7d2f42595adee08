/** Where warnings about an environment go. They go to the console unless something else wants to collect them. */
export type WarningHandler = (message: string) => void

let handler: WarningHandler = (message) => console.warn(`gymnura/envs: ${message}`)

export function warn(message: string): void {
  handler(message)
}

/** What is no warning and has to be known all the same. To standard error: standard output is the program's. */
export function tell(message: string): void {
  console.error(`gymnura/envs: ${message}`)
}

/** Sends warnings elsewhere; gives back the handler that was there before. */
export function setWarningHandler(next: WarningHandler): WarningHandler {
  const previous = handler
  handler = next
  return previous
}
