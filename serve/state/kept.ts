import { ServeError } from '../errors.js'

/** Why LMDB could not commit: a promise of its own, which is rejected a little later. */
interface CommitFailed extends Error {
  readonly commitError?: Promise<never>
}

/** What a write of the state gives. @throws ServeError `STATE_WRITE` where it could not be kept */
export async function kept<T>(write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (cause) {
    const { message, commitError } = cause as CommitFailed
    // Unheard it would end the process. It is not waited for: whoever asked has waited for the disk already.
    commitError?.catch(() => {})
    throw new ServeError('STATE_WRITE', `it could not be kept, so it is not done: ${message}; is the disk full?`, { cause })
  }
}
