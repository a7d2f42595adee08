import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The path of a golden file: they stay beside the sources, not in dist/. */
export const golden = (file: string): string => join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'test', 'golden', file)
