import { fileURLToPath } from 'node:url'
import { constants, Script } from 'node:vm'
import { type BatchReply, ITEM_FAILED, type ModelDescription, type OutputDescription } from './container.js'
import { type Column, type Elements, elementsOf, type InputType, itemOf, sizeOf, textOf, varies } from './element-types.js'
import type { LoadSettings } from './kinds.js'
import { joinItems, type LoadedModel, messageOf } from './model.js'
import { described } from './replies.js'

/** One input as a function gets it: a typed array, valid during the call; a string where the model takes strings. */
type FunctionInput = Elements | string

/** What a module may say beside its default export. */
type FunctionModule = Partial<ModelDescription> & { readonly default?: unknown; readonly maxInFlight?: number }

const JSON_OUTPUT: readonly OutputDescription[] = [{ name: 'output', type: 'json', shape: [] }]

/** A module's text, or a function's. */
async function readModule(artifact: Uint8Array, { path }: LoadSettings): Promise<FunctionModule> {
  if (path !== undefined) return (await import(path)) as FunctionModule
  const text = Buffer.from(artifact).toString()
  // So that what it imports is looked up as the server's own imports are.
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER: loader } = constants
  let script: Script
  try {
    script = new Script(`(${text}\n)`, { filename: fileURLToPath(import.meta.url), importModuleDynamically: loader })
  } catch {
    // No function is a module, however it is written: minified, all of it is one line.
    return (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as FunctionModule
  }
  return { default: script.runInThisContext() as unknown }
}

/** A JavaScript function, or a module whose default export is one. */
export async function loadFunctionModel(artifact: Uint8Array, settings: LoadSettings): Promise<LoadedModel> {
  const { default: call, ...said } = await readModule(artifact, settings)
  if (typeof call !== 'function') throw new Error(`the module's default export is ${typeof call}; expected a function of a batch's inputs`)
  return functionModel(call as ModelCall, said, settings)
}

type ModelCall = (inputs: FunctionInput[]) => unknown

/** @param said what its module says of it; what publishing says counts more @throws Error for what is no description */
export function functionModel(call: ModelCall, said: FunctionModule, settings: Omit<LoadSettings, 'kind'>): LoadedModel {
  const inputType = settings.inputType ?? said.inputType ?? 'floats'
  const inputSize = settings.inputSize ?? said.inputSize ?? null
  const outputs = settings.outputs ?? said.outputs ?? JSON_OUTPUT
  const read = described({ inputType, inputSize, outputs })
  if (typeof read === 'string') throw new Error(read)
  return new FunctionModel(call, read, settings.maxInFlight ?? said.maxInFlight)
}

class FunctionModel implements LoadedModel {
  constructor(
    private readonly call: ModelCall,
    readonly description: ModelDescription,
    readonly maxInFlight: number | undefined,
  ) {}

  async evaluate(inputs: Column, size: number, wantsExtras: boolean): Promise<BatchReply> {
    const rows = Array.from({ length: size }, (_, item) => inputOf(this.description.inputType, itemOf(inputs, item, size)))
    const answers = await this.call(rows)
    if (!Array.isArray(answers) || answers.length !== size) {
      throw new Error(`the function returned ${Array.isArray(answers) ? `${answers.length} outputs` : typeof answers} for ${size} inputs`)
    }
    return replyOf(answers, wantsExtras ? this.description.outputs : this.description.outputs.slice(0, 1), this.description.outputs.length)
  }
}

const inputOf = (type: InputType, elements: Elements): FunctionInput => (type === 'strings' ? textOf(elements) : elements)

/** With one output an answer is its value; with several it is an object by their names. */
function replyOf(answers: readonly unknown[], wanted: readonly OutputDescription[], declared: number): BatchReply {
  const errors: Record<number, string> = {}
  const outputs = wanted.map((output) => {
    const parts = answers.map((answer, item) => {
      try {
        if (answer instanceof Error) throw answer
        return partOf(output, declared === 1 ? answer : (answer as Record<string, unknown> | null)?.[output.name])
      } catch (error) {
        errors[item] = messageOf(error)
        return new Uint8Array(varies(output) ? 0 : sizeOf(output.shape))
      }
    })
    return joinItems(output, parts)
  })
  const failed = Object.keys(errors)
  if (failed.length === 0) return { outputs }
  const statuses = new Uint8Array(answers.length)
  for (const item of failed) statuses[Number(item)] = ITEM_FAILED
  return { outputs, statuses, errors }
}

/** One answer as elements. @throws Error for one that is not what was declared */
function partOf(output: OutputDescription, value: unknown): ArrayLike<number> {
  const { name, type, shape } = output
  if (type === 'json') {
    const text = JSON.stringify(value, refuseNonFinite)
    if (text === undefined) throw new Error(`output "${name}" is ${typeof value}; expected a JSON value`)
    return Buffer.from(text)
  }
  if (type === 'strings') {
    if (typeof value !== 'string') throw new Error(`output "${name}" is ${typeof value}; expected a string`)
    return Buffer.from(value)
  }
  const isBare = shape.length === 0 && (typeof value === 'number' || typeof value === 'boolean')
  const numbers = isBare ? [value] : (value as ArrayLike<unknown>)
  const fits = (Array.isArray(numbers) || ArrayBuffer.isView(numbers)) && (shape[0] === -1 || numbers.length === sizeOf(shape))
  if (!fits) throw new Error(`output "${name}" does not have shape [${shape}]`)
  return elementsOf(type, numbers, name)
}

/** JSON would write null, and nobody would know. */
function refuseNonFinite(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`the output holds ${value}, which JSON does not have`)
  return value
}
