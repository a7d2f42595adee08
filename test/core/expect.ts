/** The error that a promise is rejected with; an error if it is not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error as Error
  }
  throw new Error(`expected a rejection, got ${String(value)}`)
}

/** Waits until something is so; fails after ten seconds. */
export async function eventually(look: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (await look()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('it never came')
}
