import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Whether what `make` gives a reference to is gone once garbage is collected. */
export async function isForgotten(make: () => WeakRef<object> | Promise<WeakRef<object>>): Promise<boolean> {
  const reference = await make()
  // A weak reference is held until the turn ends in which it was made.
  await new Promise((resolve) => setTimeout(resolve))
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  collectGarbage()
  return reference.deref() === undefined
}
