/** What is compared: how each is started, asked and understood. */
import { fileURLToPath } from 'node:url'
import { installVenv } from '../../venv.js'

export const BATCH = 64

export interface System {
  readonly name: string
  readonly kind: 'gymnura' | 'floor' | 'peer'
  /** Its program and arguments, without the port; installs what is missing. Throws where that cannot be had. */
  command(port: number): Promise<readonly [string, ...string[]]>
  readonly path: string
  /** The body that asks for these inputs, each four numbers. */
  body(inputs: readonly string[]): string
  /** What an answer to one input says: both logits, or the action alone; undefined: it says nothing of the model. */
  read?(answer: string): readonly number[] | number
  /** A process holds the model, and can be killed without the server. */
  readonly worker: boolean
  /** Speaks Open Inference v2 with binary tensors: the name of the model, and of its first output. */
  readonly blocks?: { readonly model: string; readonly output: string }
}

const mainFile = fileURLToPath(new URL('./node-main.js', import.meta.url))
/** Python is not compiled, so it stays where it is. */
const pythonFile = (name: string) => fileURLToPath(new URL(`../../../../bench/serve/peers/on_${name}.py`, import.meta.url))

const node = (what: string): System['command'] => {
  return async (port) => [process.execPath, mainFile, String(port), what]
}
const rows = (inputs: readonly string[]) => `{"input":[${inputs.join(',')}]}`
const clipper = (inputs: readonly string[]) => (inputs.length === 1 ? `{"input":${inputs[0]}}` : `{"input_batch":[${inputs.join(',')}]}`)
const openInference = (inputs: readonly string[]) =>
  `{"inputs":[{"name":"input","shape":[${inputs.length},4],"datatype":"FP32","data":[${inputs.join(',')}]}]}`
const readOutput = (answer: string): number[] => JSON.parse(answer).output.flat()
const readTensor = (answer: string): number[] => JSON.parse(answer).outputs[0].data

function ours(isolation: string, worker: boolean): System {
  const read = (answer: string): number => JSON.parse(answer).output
  const blocks = { model: 'mlp', output: 'action' }
  return {
    name: `gymnura, ${isolation}`,
    kind: 'gymnura',
    command: node(isolation),
    path: '/app/predict',
    body: clipper,
    read,
    worker,
    blocks,
  }
}

/** What pip installs for each. */
export const PINS = {
  uvicorn: ['uvicorn[standard]==0.54.0', 'numpy==2.4.6'],
  litserve: ['litserve==0.2.19', 'numpy==2.4.6'],
  bentoml: ['bentoml==1.4.39', 'numpy==2.4.6'],
  mlserver: ['mlserver==1.7.1', 'uvloop==0.21.0'],
  'nvidia-pytriton': ['nvidia-pytriton==0.7.0', 'numpy==1.26.4'],
  'ray-serve': ['ray[serve]==2.60.0', 'numpy==2.4.6'],
} as const

const python = (name: keyof typeof PINS, file: string, variant: string): System['command'] => {
  return async (port) => [await installVenv(name, PINS[name]), pythonFile(file), String(port), variant]
}

function peer(title: string, name: keyof typeof PINS, file: string, variant: string, more: Partial<System> = {}): System {
  const asked = { path: '/predict', body: rows, read: readOutput }
  return { name: `${title}, ${variant}`, kind: 'peer', command: python(name, file, variant), ...asked, worker: true, ...more }
}

const v2 = { path: '/v2/models/mlp/infer', body: openInference, read: readTensor }

export const SYSTEMS: readonly System[] = [
  { name: 'fastify, echo', kind: 'floor', command: node('echo'), path: '/predict', body: rows, worker: false },
  { name: 'node:http, fixed reply', kind: 'floor', command: node('http'), path: '/predict', body: rows, worker: false },
  {
    name: 'node:http with the MLP',
    kind: 'floor',
    command: node('http-mlp'),
    path: '/predict',
    body: rows,
    read: readOutput,
    worker: false,
  },
  peer('uvicorn with the MLP', 'uvicorn', 'uvicorn', 'inline', { kind: 'floor', worker: false }),
  ours('process', true),
  ours('thread', false),
  ours('inline', false),
  peer('LitServe', 'litserve', 'litserve', 'plain'),
  peer('LitServe', 'litserve', 'litserve', 'batched'),
  peer('MLServer', 'mlserver', 'mlserver', 'plain', v2),
  peer('MLServer', 'mlserver', 'mlserver', 'batched', v2),
  peer('MLServer', 'mlserver', 'mlserver', 'in-process', { ...v2, worker: false }),
  peer('BentoML', 'bentoml', 'bentoml', 'plain', { read: (answer) => JSON.parse(answer).flat() }),
  peer('BentoML', 'bentoml', 'bentoml', 'batched', { read: (answer) => JSON.parse(answer).flat() }),
  peer('Triton (pytriton)', 'nvidia-pytriton', 'pytriton', 'batched', { ...v2, blocks: { model: 'mlp', output: 'output' } }),
  peer('Ray Serve', 'ray-serve', 'ray_serve', 'plain'),
  peer('Ray Serve', 'ray-serve', 'ray_serve', 'batched'),
]
