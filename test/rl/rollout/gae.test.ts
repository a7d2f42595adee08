import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AdvantageColumns, generalizedAdvantages } from '../../../rl/rollout/gae.js'

interface Row {
  reward: number
  value: number
  end: 'none' | 'terminated' | 'truncated'
  finalValue: number
}

function columnsOf(rows: Row[]): AdvantageColumns {
  return {
    rewards: Float32Array.from(rows, (row) => row.reward),
    values: Float32Array.from(rows, (row) => row.value),
    terminated: Uint8Array.from(rows, (row) => Number(row.end === 'terminated')),
    truncated: Uint8Array.from(rows, (row) => Number(row.end === 'truncated')),
    finalValues: Float32Array.from(rows, (row) => row.finalValue),
    advantages: new Float32Array(rows.length),
    returns: new Float32Array(rows.length),
  }
}

/** The definition (eq. 16): Â_t = Σ_l (γλ)^l δ_{t+l}, up to the end of the episode, each δ written out. */
function byDefinition(rows: Row[], lastValue: number, gamma: number, lambda: number): number[] {
  return rows.map((_, t) => {
    let sum = 0
    for (let l = 0; t + l < rows.length; l++) {
      const row = rows[t + l]
      const next = row.end === 'terminated' ? 0 : row.end === 'truncated' ? row.finalValue : (rows[t + l + 1]?.value ?? lastValue)
      sum += (gamma * lambda) ** l * (row.reward + gamma * next - row.value)
      if (row.end !== 'none') break
    }
    return sum
  })
}

const small = fc.float({ min: -10, max: 10, noNaN: true })
const row: fc.Arbitrary<Row> = fc.record({
  reward: small,
  value: small,
  end: fc.constantFrom('none', 'none', 'terminated', 'truncated'),
  finalValue: small,
})

test('advantages are the discounted sums of temporal differences within an episode', () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 30 }),
      small,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (rows, last, gamma, gaeLambda) => {
        const columns = columnsOf(rows)
        generalizedAdvantages(columns, [last], rows.length, 1, [0, 1], { gamma, gaeLambda })
        byDefinition(rows, last, gamma, gaeLambda).forEach((expected, t) => {
          assert.ok(Math.abs(columns.advantages[t] - expected) < 1e-3, `t = ${t}: ${columns.advantages[t]} instead of ${expected}`)
          assert.ok(Math.abs(columns.returns[t] - (expected + rows[t].value)) < 1e-3)
        })
      },
    ),
  )
})

test('a truncated episode is worth the value of its final observation, a terminated one nothing more', () => {
  const options = { gamma: 0.5, gaeLambda: 1 }
  const cut = columnsOf([{ reward: 1, value: 0, end: 'truncated', finalValue: 8 }])
  generalizedAdvantages(cut, [99], 1, 1, [0, 1], options)
  assert.is(cut.returns[0], 1 + 0.5 * 8)
  const over = columnsOf([{ reward: 1, value: 0, end: 'terminated', finalValue: 8 }])
  generalizedAdvantages(over, [99], 1, 1, [0, 1], options)
  assert.is(over.returns[0], 1)
})

test('only the environments asked for are written, each from its own column', () => {
  const rows: Row[] = Array.from({ length: 6 }, (_, i) => ({ reward: i, value: 0, end: 'none', finalValue: 0 }))
  const columns = columnsOf(rows)
  generalizedAdvantages(columns, [10], 3, 2, [1, 2], { gamma: 1, gaeLambda: 1 })
  assert.equal(Array.from(columns.advantages), [0, 1 + 3 + 5 + 10, 0, 3 + 5 + 10, 0, 5 + 10])
})

test.run()
