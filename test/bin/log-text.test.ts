import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { logText } from '../../bin/log-text.js'

const line = { level: 30, time: Date.UTC(2026, 0, 1, 12, 30, 15, 7), name: 'gymnura', pid: 1, hostname: 'h' }
/** Without when, which is told in the reader's time zone. */
const told = (more: object) => logText({ ...line, ...more }).replace(/^\d\d:\d\d:15\.007 /, '')

test('a line of the log for people has when, how bad, whose and what; then the rest, and an error with its stack', () => {
  assert.is(told({ msg: 'serving', url: 'http://a' }), 'info  serving url=http://a')
  assert.is(told({ level: 40, model: 'm:1', msg: 'late', why: 'two words' }), 'warn  m:1 late why="two words"')
  assert.is(told({ model: 'm:1', containerPid: 7, stream: 'stdout', msg: 'loading' }), 'info  m:1 | loading containerPid=7')
  assert.is(told({ model: 'm:1', containerPid: 7, stream: 'stderr', msg: 'oh' }), 'info  m:1 ! oh containerPid=7')
  assert.is(told({ level: 50, msg: 'failed', err: { stack: 'Error: x\n    at y' } }), 'error failed\n    Error: x\n        at y')
})

test('what a container prints cannot move the cursor, ring or hide a line: such characters are shown', () => {
  assert.is(told({ model: 'm:1', stream: 'stdout', msg: 'a\x1b[2Jb\rc\td\x07' }), 'info  m:1 | a\\x1b[2Jb\\x0dc\td\\x07')
  assert.is(told({ msg: 'x', why: '\x1b]0;title' }), 'info  x why=\\x1b]0;title')
  assert.is(told({ msg: 'x', err: { stack: 'Error: \x1b[31mred\n    at y' } }), 'info  x\n    Error: \\x1b[31mred\n        at y')
})

test.run()
