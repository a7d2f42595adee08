import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { detectGpus, gpuIdsOf } from '../../core/scheduler/gpus.js'

const { PATH, CUDA_VISIBLE_DEVICES } = process.env
let folder: string

/** What `nvidia-smi` is on this machine: a shell script, or nothing. */
function nvidiaSmi(script: string | undefined): void {
  const file = join(folder, 'nvidia-smi')
  rmSync(file, { force: true })
  if (script !== undefined) writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
}

function visible(list: string | undefined): void {
  if (list === undefined) delete process.env.CUDA_VISIBLE_DEVICES
  else process.env.CUDA_VISIBLE_DEVICES = list
}

const three = 'echo "0, GPU-aa11"; echo "1, GPU-bb22"; echo "2, GPU-cc33"'

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gymnura-gpus-'))
  process.env.PATH = folder
})
test.after(() => {
  process.env.PATH = PATH
  visible(CUDA_VISIBLE_DEVICES)
  rmSync(folder, { recursive: true })
})
test.before.each(() => {
  visible(undefined)
  nvidiaSmi(three)
})

test('nvidia-smi tells the GPUs where CUDA_VISIBLE_DEVICES is not set', () => {
  assert.equal(detectGpus(), [0, 1, 2])
})

test('there are none where nvidia-smi is absent, fails, lists none or hangs', () => {
  nvidiaSmi(undefined)
  assert.equal(detectGpus(), [])
  nvidiaSmi('echo "0, GPU-aa11"; exit 9')
  assert.equal(detectGpus(), [])
  nvidiaSmi('echo "No devices were found"')
  assert.equal(detectGpus(), [])
  nvidiaSmi('while :; do :; done')
  assert.equal(detectGpus(100), [])
})

test('CUDA_VISIBLE_DEVICES is believed, without asking nvidia-smi', () => {
  nvidiaSmi(undefined)
  const shown = (list: string) => {
    visible(list)
    return detectGpus()
  }
  assert.equal(shown('2, 0'), [2, 0])
  assert.equal(shown(''), [])
  assert.equal(shown('-1'), [])
  assert.equal(shown('3,-1,1'), [3], 'CUDA hides what stands behind a GPU that is not there')
})

test('GPUs that CUDA_VISIBLE_DEVICES names by UUID are found by nvidia-smi', () => {
  visible('GPU-cc33,GPU-aa')
  assert.equal(detectGpus(), [2, 0])
  visible('GPU-bb22,GPU-ff99,GPU-aa11')
  assert.equal(detectGpus(), [1])
  visible('NoDevFiles')
  assert.equal(detectGpus(), [])
})

test('declared GPUs are numbered from 0, or are the first of those that are visible', () => {
  nvidiaSmi(undefined)
  assert.equal(gpuIdsOf(2), [0, 1])
  assert.equal(gpuIdsOf(0), [])
  visible('3,5,7')
  assert.equal(gpuIdsOf(2), [3, 5])
  assert.throws(() => gpuIdsOf(4), /^init: numGpus is 4, but CUDA_VISIBLE_DEVICES='3,5,7' shows 3 GPUs; change one of them$/)
})

test('undeclared GPUs are looked for only when somebody asks', () => {
  const ask = gpuIdsOf(undefined)
  nvidiaSmi('echo "0, GPU-aa11"')
  assert.type(ask, 'function')
  assert.equal(typeof ask === 'function' && ask(), [0])
})

test.run()
