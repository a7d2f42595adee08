import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Sample, slopeOf, verdictOf } from '../../bench/serve/soak/verdict.js'

/** A sample a second; the frontend's share as `share` says, with a saw of garbage on it. */
function soaked(seconds: number, share: (second: number) => number): Sample[] {
  return Array.from({ length: seconds }, (_, second) => {
    const used = share(second) + (second % 7)
    const frontend = { resident: used + 40, share: used, own: used - 10 }
    return {
      seconds: second,
      answers: second,
      frontend,
      container: { resident: 60, share: 20, own: 15 },
      containers: 1,
      containersShare: 20,
    }
  })
}

test('a saw of garbage on a level floor is flat and small, however much came to it while it was warming up', () => {
  const verdict = verdictOf(
    soaked(900, (second) => Math.min(80, 30 + second)),
    [50, 51],
  )
  assert.equal([verdict.isFlat, verdict.isSmall, verdict.floorRosePercent, verdict.inUseRosePercent], [true, true, 0, 2])
  assert.equal(verdict.share, { median: 103, most: 106 })
  assert.equal(verdict.alone, { median: 138, most: 141 })
})

test('a floor that rises by a megabyte a minute is not flat, nor a heap that holds more after a collection', () => {
  const rising = verdictOf(
    soaked(900, (second) => 80 + second / 60),
    [50, 50],
  )
  assert.is(rising.isFlat, false)
  assert.ok(rising.floorRosePercent > 10 && rising.floorRosePercent < 15, `${rising.floorRosePercent} %`)
  assert.is(
    verdictOf(
      soaked(900, () => 80),
      [50, 60],
    ).isFlat,
    false,
  )
})

test('one look above the goal is too much, and a container counts', () => {
  assert.is(
    verdictOf(
      soaked(900, (second) => (second === 600 ? 100 : 80)),
      [50, 50],
    ).isSmall,
    false,
  )
})

test('a single outlier does not tilt the slope', () => {
  const points = Array.from({ length: 20 }, (_, x): [number, number] => [x, x === 3 ? 1_000 : 2 * x])
  assert.is(slopeOf(points), 2)
})

test.run()
