import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseRow } from '../../bench/core/peers/ray.js'

test("a row of Ray's microbenchmark is read with its name, mean and spread", () => {
  assert.equal(parseRow('single client tasks sync per second 380.92 +- 4.25'), {
    name: 'single client tasks sync',
    unit: '/s',
    mean: 380.92,
    sd: 4.25,
  })
  assert.equal(parseRow('single client get calls (Plasma Store) per second 8176.0 +- 12.3')?.name, 'single client get calls (Plasma Store)')
  assert.is(parseRow('1:1 async-actor calls with args async per second 1655.87 +- 9.0')?.mean, 1655.87)
})

test('gigabytes are told as gigabytes a second', () => {
  assert.is(parseRow('multi client put gigabytes per second 9.71 +- 0.4')?.unit, 'GB/s')
})

test('what Ray prints besides its rows is none', () => {
  for (const line of [
    "Tip: set TESTS_TO_RUN='pattern' to run a subset of benchmarks",
    '',
    '2026-11-24 00:09:29,147 INFO logservicer.py:103 -- New logs',
  ])
    assert.is(parseRow(line), undefined)
})

test.run()
