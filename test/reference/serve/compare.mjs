// Publishes each model, asks it, and compares with the reference's answers: node compare.mjs FOLDER (with $GYMNURA_VENV)
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect, serve } from '../../../dist/serve/index.js'
import { check, printTally } from '../tally.mjs'

const folder = process.argv[2]
const python = join(process.env.GYMNURA_VENV, 'bin', 'python')
const model = (name) => fileURLToPath(new URL(`models/${name}.py`, import.meta.url))
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
const limits = { startMs: 120_000 }
const flat = (values) => values.flat(Number.POSITIVE_INFINITY)
const near = (a, b, within) => a.length === b.length && flat(a).every((value, i) => Math.abs(value - flat(b)[i]) <= within)

const server = await serve({ port: 0, logLevel: 'silent', allow: ['python'] })
const client = connect(server.url)
const outputs = async (name) => (await client.predictBatch(name, expected.inputs)).map(({ output }) => output)
const ask = async (name, input) =>
  (await fetch(`${server.url}/${name}/predict`, { method: 'POST', body: JSON.stringify({ input }) })).json()
/** With time enough for the first batch on a busy machine. */
async function publish(name, source, options = {}, inputType = 'floats') {
  await server.publish(name, source, { limits, application: false, ...options })
  await server.registerApplication({ name, inputType, defaultOutput: -1, sloMs: 30_000 })
  await server.link(name, name)
}

await publish('forest', model('forest'), { python }, 'doubles')
check('scikit-learn: labels', JSON.stringify(await outputs('forest')) === JSON.stringify(expected.forest))
await publish('network', model('network'), { python })
check('PyTorch: logits', near(await outputs('network'), expected.network, 1e-6))

await publish('words', model('words'), { python }, 'strings')
check('Python: objects over texts', JSON.stringify((await ask('words', 'one two'))?.output) === '{"words":2,"text":"one two"}')
const body = JSON.stringify({ input_batch: ['fine', 'boom', 'fine too'] })
const batch = (await (await fetch(`${server.url}/words/predict`, { method: 'POST', body })).json()).batch_predictions
check('Python: an input that raises fails alone', batch.map((one) => one.default).join() === 'false,true,false', JSON.stringify(batch))
check('Python: with its message', batch[1].default_explanation === 'The model failed on this input: ValueError: boom')

const head = JSON.stringify({ inputs: [{ name: 'input', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: 6 } }] })
const bytes = Buffer.concat([Buffer.from(head), Buffer.from([2, 0, 0, 0, 0xff, 0xfe])])
const headers = { 'inference-header-content-length': String(head.length) }
const notText = await fetch(`${server.url}/v2/models/words/infer`, { method: 'POST', body: bytes, headers })
check('Python: a text that is not UTF-8 is refused', notText.status === 400, await notText.text())
const { restarts } = server.metrics().models.find(({ name }) => name === 'words').replicas[0]
check('Python: and does not end the container', restarts === 0, restarts)

const whole = `
class Model:
    input_size = 1
    outputs = [{"name": "y", "type": "integers", "shape": []}]
    def predict(self, batch):
        return [[7, 2**40, True][int(row[0])] for row in batch]`
await publish('whole', Buffer.from(whole), { kind: 'python', python })
check('Python: whole numbers', (await ask('whole', [0])).output === 7 && (await ask('whole', [2])).output === 1)
const { default_explanation: tooLarge } = await ask('whole', [1])
check('Python: one that does not fit is refused', /output "y" holds .* expected whole numbers from -2147483648/.test(tooLarge), tooLarge)

await publish('troubled', model('troubled'), { python, inputSize: 1, limits: { startMs: 120_000, batchMs: 1_000 } })
const why = async (what) => (await ask('troubled', [what])).default_explanation
check('Python: answers', (await ask('troubled', [21])).output === 42)
check('Python: NaN', (await why(3)) === 'The model answered a number that is not finite')
check('Python: too many outputs', /has 2 items for 1 inputs/.test(await why(4)), await why(4))
check('Python: exits', /closed the connection|exited with code 3/.test(await why(1)), await why(1))
check('Python: hangs', /has not answered a batch for 1000 ms/.test(await why(2)), await why(2))
let back
for (let tries = 0; tries < 20 && back?.output !== 46; tries++) back = await ask('troubled', [23])
check('Python: comes back', back.output === 46, JSON.stringify(back))

await publish('onnx', join(folder, 'mlp.onnx'))
check('ONNX: logits', near(await outputs('onnx'), expected.logits, 1e-5))
const thread = await server.publish('onnx', join(folder, 'mlp.onnx'), { isolation: 'thread' })
check('ONNX in a thread: logits', thread.isolation === 'thread' && near(await outputs('onnx'), expected.logits, 1e-5))

// Where the native runtime is there too, it is preferred. (Its installation script only fetches libraries for GPUs.)
execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', 'onnxruntime-node@1.30.0'], { cwd: folder })
await publish('native', join(folder, 'mlp.onnx'))
check('ONNX, natively: logits', near(await outputs('native'), expected.logits, 1e-5))
const { pid } = server.metrics().models.find(({ name }) => name === 'native').replicas[0]
check('ONNX, natively: by the native runtime', readFileSync(`/proc/${pid}/maps`, 'utf8').includes('onnxruntime_binding.node'))

/** x·w + b as the converter writes it. */
function graphModel() {
  const shape = (...sizes) => ({ shape: { shape: { dim: sizes.map((size) => ({ size: String(size) })) } } })
  const type = { type: 'DT_FLOAT' }
  const constant = (name, ...sizes) => ({
    name,
    op: 'Const',
    attr: { dtype: type, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: shape(...sizes).shape.shape } } },
  })
  const node = [
    { name: 'x', op: 'Placeholder', attr: { dtype: type, ...shape(-1, 4) } },
    constant('w', 4, 2),
    constant('b', 2),
    { name: 'product', op: 'MatMul', input: ['x', 'w'], attr: { T: type, transpose_a: { b: false }, transpose_b: { b: false } } },
    { name: 'y', op: 'BiasAdd', input: ['product', 'b'], attr: { T: type } },
  ]
  const weights = [
    { name: 'w', shape: [4, 2], dtype: 'float32' },
    { name: 'b', shape: [2], dtype: 'float32' },
  ]
  writeFileSync(join(folder, 'group1.bin'), Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0.5, -0.5).buffer))
  const json = {
    format: 'graph-model',
    modelTopology: { node, versions: { producer: 1 } },
    weightsManifest: [{ paths: ['group1.bin'], weights }],
  }
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json))
  return join(folder, 'model.json')
}
await publish('graph', graphModel())
const graph = expected.inputs.map(([a, b, c, d]) => [a + 3 * b + 5 * c + 7 * d + 0.5, 2 * a + 4 * b + 6 * c + 8 * d - 0.5])
check('TensorFlow.js graph: outputs', near(await outputs('graph'), graph, 1e-4))

client.close()
await server.close()
printTally()
