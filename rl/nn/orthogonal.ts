/** A source of standard normal draws, such as a seeded generator. */
export interface NormalSource {
  standardNormal(): number
}

/**
 * A random (semi-)orthogonal matrix [rows, columns], row-major: the orthogonal factor, with a positive diagonal in the triangular one,
 * of a matrix of standard normals (Saxe et al. 2014; what `torch.nn.init.orthogonal_` draws). The rows are orthonormal when there are
 * no more of them than columns, else the columns are.
 */
export function orthogonal(rows: number, columns: number, random: NormalSource): Float64Array {
  const matrix = Float64Array.from({ length: rows * columns }, () => random.standardNormal())
  // Gram and Schmidt's process along the shorter side gives just that factor; the second sweep removes what rounding left.
  const byRow = rows <= columns
  const vectors = byRow ? rows : columns
  const length = byRow ? columns : rows
  const step = byRow ? 1 : columns
  const start = (vector: number) => (byRow ? vector * columns : vector)
  for (let i = 0; i < vectors; i++) {
    for (let sweep = 0; sweep < 2; sweep++) {
      for (let j = 0; j < i; j++) {
        const overlap = dot(matrix, start(i), start(j), length, step)
        for (let k = 0; k < length; k++) matrix[start(i) + k * step]! -= overlap * matrix[start(j) + k * step]!
      }
    }
    const norm = Math.sqrt(dot(matrix, start(i), start(i), length, step))
    for (let k = 0; k < length; k++) matrix[start(i) + k * step]! /= norm
  }
  return matrix
}

function dot(matrix: Float64Array, a: number, b: number, length: number, step: number): number {
  let sum = 0
  for (let k = 0; k < length; k++) sum += matrix[a + k * step]! * matrix[b + k * step]!
  return sum
}
