import { fixed } from './fixed.js'
import type { SelectionPolicy } from './selection.js'

const POLICIES: Readonly<Record<string, SelectionPolicy>> = { fixed }

export const selectionNames = Object.keys(POLICIES)

export function selectionPolicy(name: string): SelectionPolicy | undefined {
  return Object.hasOwn(POLICIES, name) ? POLICIES[name] : undefined
}
