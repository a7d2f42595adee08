import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../../../rl/policy/safetensors.js'

const tensor = fc.record({
  name: fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
  rows: fc.nat({ max: 5 }),
  columns: fc.nat({ max: 5 }),
  type: fc.constantFrom(Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array),
  seed: fc.integer(),
})
const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 }).map((list) =>
  list.map(({ name, rows, columns, type, seed }): Tensor => {
    const data = new type(rows * columns)
    for (let i = 0; i < data.length; i++) data[i] = seed + i * 0.37
    return { name, shape: [rows, columns], data }
  }),
)

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return (error as { code?: string }).code
  }
  return undefined
}

test('what was encoded is decoded, whatever the tensors and metadata', () => {
  fc.assert(
    fc.property(tensors, fc.dictionary(fc.string(), fc.string()), (list, metadata) => {
      const { tensors, metadata: read } = decodeSafetensors(encodeSafetensors(list, metadata))
      assert.equal({ ...read }, { ...metadata })
      assert.is(tensors.size, list.length)
      for (const { name, shape, data } of list) {
        assert.equal(tensors.get(name)?.shape, shape)
        assert.equal(tensors.get(name)?.data, data)
      }
    }),
  )
})

test('a Buffer is read like any bytes, and what was read does not change with it', () => {
  const bytes = Buffer.from(encodeSafetensors([{ name: 'w', shape: [2], data: Float32Array.of(1, 2) }], {}))
  const { data } = decodeSafetensors(bytes).tensors.get('w')!
  bytes.fill(0)
  assert.equal(data, Float32Array.of(1, 2))
})

test('tensors are aligned to their element size, so that others can map the file', () => {
  const file = encodeSafetensors(
    [
      { name: 'bytes', shape: [3], data: new Uint8Array(3) },
      { name: 'doubles', shape: [2], data: new Float64Array(2) },
    ],
    {},
  )
  const length = Number(new DataView(file.buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))
  assert.is((8 + length + header.doubles.data_offsets[0]) % 8, 0)
})

test('a shape that does not hold the data is refused when writing', () => {
  assert.throws(
    () => encodeSafetensors([{ name: 'w', shape: [2, 2], data: new Float32Array(3) }], {}),
    /tensor w: shape \[2, 2\] holds 4 values, its data 3/,
  )
})

test('every truncation of a file is refused as truncated or as no safetensors file', () => {
  const whole = encodeSafetensors([{ name: 'w', shape: [4], data: Float32Array.of(1, 2, 3, 4) }], { a: 'b' })
  for (let length = 0; length < whole.length; length++) {
    const code = codeOf(() => decodeSafetensors(whole.subarray(0, length)))
    assert.ok(code === 'POLICY_TRUNCATED' || code === 'POLICY_NOT_SAFETENSORS', `${length} bytes: ${code}`)
  }
})

test('random bytes are refused with a code, never with a crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.match(String(codeOf(() => decodeSafetensors(bytes))), /^POLICY_/)),
  )
})

test('a file with one byte changed is read or refused with a code, never with a crash', () => {
  const whole = encodeSafetensors([{ name: 'w', shape: [4], data: Float32Array.of(1, 2, 3, 4) }], { a: 'b' })
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const changed = whole.slice()
      changed[at] = byte
      const code = codeOf(() => decodeSafetensors(changed))
      assert.ok(code === undefined || code.startsWith('POLICY_'), `byte ${at} = ${byte}: ${code}`)
    }),
    { numRuns: 1000 },
  )
})

test('bytes after the last tensor are refused', () => {
  const whole = encodeSafetensors([{ name: 'w', shape: [1], data: Float32Array.of(1) }], {})
  const longer = new Uint8Array(whole.length + 1)
  longer.set(whole)
  assert.is(
    codeOf(() => decodeSafetensors(longer)),
    'POLICY_INVALID',
  )
})

test.run()
