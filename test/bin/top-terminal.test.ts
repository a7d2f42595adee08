/** `top` in a terminal, which the program `script` of util-linux gives it. */
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from '../serve/policies.js'
import { inFolder } from '../serve/tools.js'
import { type Running, withServing } from './command.js'

const executable = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'gymnura.js')
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true
if (!hasScript) console.log('skipped: top in a terminal needs script, of util-linux')
const onTerminal = hasScript ? test : test.skip

const ENTERED = '\x1b[?1049h\x1b[?25l'
const LEFT = '\x1b[?25h\x1b[?1049l'
const Q = 'q'
const CTRL_C = '\x03'
/** Less than a call waits for a server that hangs. */
const PATIENCE_MS = 20_000

/** Runs `top` in a terminal between two looks at the terminal's settings. */
class Terminal {
  output = ''
  readonly #script
  readonly #ended: Promise<void>
  #heard = () => {}

  constructor(url: string) {
    const quoted = [process.execPath, executable, 'top', '--interval', '0.2', '--url', url].map((word) => `'${word}'`).join(' ')
    const commands = `stty rows 30 cols 100; stty -g; ${quoted}; echo code $?; stty -g`
    const env = { ...process.env, SHELL: '/bin/sh', TERM: 'xterm' }
    this.#script = spawn('script', ['--quiet', '--flush', '--command', commands, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env })
    this.#script.stdout.on('data', (chunk) => {
      this.output += chunk
      this.#heard()
    })
    this.#ended = new Promise((resolve) => this.#script.once('close', () => resolve()))
  }

  async shows(what: string): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#heard = () => this.output.includes(what) && resolve()
      this.#heard()
    })
  }

  press(key: string): void {
    this.#script.stdin.write(key)
  }

  /** That it has ended, well and in time, and that the terminal is as it was. */
  async endsAsItBegan(): Promise<void> {
    const late = setTimeout(() => this.#script.kill(), PATIENCE_MS)
    await this.#ended
    clearTimeout(late)
    const settings = this.output.match(/^[\da-f]+(?::[\da-f]+){5,}\r$/gm) ?? []
    assert.is(settings.length, 2, `it did not end: ${JSON.stringify(this.output.slice(-300))}`)
    assert.is(settings[0], settings[1], 'the settings of the terminal')
    assert.is(this.output.split(ENTERED).length, 2)
    assert.is(this.output.split(LEFT).length, 2)
    assert.match(this.output.slice(this.output.indexOf(LEFT)), /code 0\r/)
  }
}

const withTop = (use: (terminal: Terminal, server: Running) => Promise<void>) =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'push.safetensors'), pushPolicy())
    await withServing(folder, ['--model', 'push.safetensors', '--isolation', 'inline'], async (url, server) => {
      const terminal = new Terminal(url)
      await terminal.shows('CACHE')
      await use(terminal, server)
    })
  })

for (const [name, key] of Object.entries({ q: Q, 'Ctrl-C': CTRL_C })) {
  onTerminal(`after ${name} the terminal is as it was before top`, () =>
    withTop(async (terminal) => {
      terminal.press(key)
      await terminal.endsAsItBegan()
    }),
  )
}

onTerminal('q ends top while the server hangs, too, and while there is none any more', () =>
  withTop(async (terminal, server) => {
    server.process.kill('SIGSTOP')
    // Long enough for a look that is not answered.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    terminal.press(Q)
    try {
      await terminal.endsAsItBegan()
    } finally {
      server.process.kill('SIGCONT')
    }
    const again = new Terminal((await server.said(/serving on ([^;,\s]+)/))[1]!)
    await again.shows('CACHE')
    server.process.kill('SIGKILL')
    await again.shows('no answer from')
    again.press(Q)
    await again.endsAsItBegan()
  }),
)

test.run()
