import fc from 'fast-check'
import { spaces } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { anySpace, flattenable, flattening } from './any-space.js'

const { batchSpace, concatenate, createEmptyArray, createZeros, flatdim, flatten, flattenInto, flattenSpace, iterate } = spaces
const { isSpaceDtypeShapeEquiv, spaceFromJSON, unflatten } = spaces

type Space = spaces.Space

/** For any space, seeded by any number. */
function forAny(check: (space: Space, seed: number) => void, any = anySpace): void {
  fc.assert(
    fc.property(any, fc.nat(), (space, seed) => {
      space.seed(seed)
      check(space, seed)
    }),
  )
}

test('every sample of every space, for every seed, lies in the space', () => {
  forAny((space) => {
    for (let i = 0; i < 5; i++) assert.ok(space.contains(space.sample()), `${space}`)
  })
})

test('the same seed gives the same samples, and gives back the same seeds', () => {
  forAny((space, seed) => {
    const first = [space.seed(seed), space.sample(), space.sample()]
    assert.equal([space.seed(seed), space.sample(), space.sample()], first)
  })
})

test('a space read back from its JSON is equal, prints the same, and samples the same elements', () => {
  forAny((space, seed) => {
    const text = JSON.stringify(space)
    const again = spaceFromJSON(text)
    assert.ok(space.equals(again) && again.equals(space), text)
    assert.is(JSON.stringify(again), text)
    assert.is(`${again}`, `${space}`)
    again.seed(seed)
    assert.equal(again.sample(), space.sample())
  })
})

test('the sampling stream of a space can be saved as JSON, and goes on exactly in another object', () => {
  forAny((space) => {
    space.sample()
    const saved = JSON.stringify(space.getState())
    const expected = [space.sample(), space.sample()]
    space.setState(JSON.parse(saved))
    assert.equal([space.sample(), space.sample()], expected)
    const other = spaceFromJSON(space.toJSON())
    other.setState(JSON.parse(saved))
    assert.equal([other.sample(), other.sample()], expected)
  })
})

test('a clone goes on as the space does, and neither moves the other', () => {
  forAny((space) => {
    const clone = space.clone()
    assert.ok(clone.equals(space))
    const expected = [clone.sample(), clone.sample()]
    assert.equal([space.sample(), space.sample()], expected)
  })
})

test('a flattened element lies in the flattened space, and unflattened is the element', () => {
  forAny((space) => {
    const element = space.sample()
    const flat = flatten(space, element)
    assert.ok(flattenSpace(space).contains(flat), `${space}`)
    assert.equal(unflatten(space, flat), element)
  }, flattening)
})

test('flatten writes as many numbers as flatdim says, wherever it is told to', () => {
  forAny((space) => {
    const element = space.sample()
    const out = new Float64Array(flatdim(space) + 5).fill(7)
    assert.is(flattenInto(space, element, out, 3), 3 + flatdim(space))
    assert.equal([...out.subarray(3, -2)], [...(flatten(space, element) as Float64Array)].map(Number))
    assert.equal([...out.subarray(0, 3), ...out.subarray(-2)], [7, 7, 7, 7, 7])
  }, flattenable)
})

test('elements put side by side and iterated are the elements, and a batch of them lies in the batched space', () => {
  const numbers = (x: unknown): unknown => (ArrayBuffer.isView(x) && (x as Int8Array).length === 1 ? (x as Int8Array)[0] : x)
  forAny((space) => {
    const items = [space.sample(), space.sample(), space.sample()]
    const batched = batchSpace<Space>(space, 3)
    const batch = concatenate(space, items, createEmptyArray(space, 3))
    const again = [...iterate(batched, batch)]
    assert.equal(again.length, 3)
    for (const [i, element] of again.entries()) {
      assert.ok(space.contains(element), `${space}`)
      assert.equal(numbers(element), numbers(items[i]))
    }
    assert.ok(batched.contains(batch), `${batched}`)
    assert.ok(batched.contains(batched.sample()), `${batched}`)
  })
})

test('the zeros of a space lie in it', () => {
  forAny((space) => assert.ok(space.contains(createZeros(space)), `${space}`))
})

test('a space is of the same shape and dtype as itself, and as nothing of another kind', () => {
  fc.assert(
    fc.property(anySpace, anySpace, (a, b) => {
      assert.ok(isSpaceDtypeShapeEquiv(a, a.clone()))
      if (a.constructor !== b.constructor) assert.not(isSpaceDtypeShapeEquiv(a, b))
      if (a.equals(b)) assert.ok(isSpaceDtypeShapeEquiv(a, b) && b.equals(a))
    }),
  )
})

test('no space contains what is no element of any', () => {
  forAny((space) => {
    for (const nothing of [undefined, null, Number.NaN, Symbol('x'), () => 0, { a: Number.NaN }, [[[[[]]]]], new Map()]) {
      assert.not(space.contains(nothing), `${space}`)
    }
  })
})

test.run()
