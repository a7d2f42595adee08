import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { crc32c, scalarsRecord } from '../../../rl/experiment/tensorboard.js'
import { golden } from '../../golden.js'

test('an event is written byte for byte as TensorBoard writes it', () => {
  const { wallTime, step, scalars, record } = JSON.parse(readFileSync(golden('rl/event.json'), 'utf8'))
  assert.is(Buffer.from(scalarsRecord(wallTime, step, scalars)).toString('hex'), record)
})

test('the checksum of event files is CRC-32C', () => {
  // RFC 3720, B.4
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43)
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e)
})

test.run()
