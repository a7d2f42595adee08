/** Where we answer otherwise than Ray on purpose. */
export interface Difference {
  readonly ray: unknown
  readonly ours: unknown
  readonly why: string
}

export const differences: Readonly<Record<string, Difference>> = {}
