import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pullPolicy, pushPolicy } from '../serve/policies.js'
import { inFolder } from '../serve/tools.js'
import { gymnura, json, withServing } from './command.js'

/** An observation for which the two versions of cart differ: the first answers 0, the second 1. */
export const INPUT = ['--input', '[0,0,0,1]']

/** A server with two versions of the model cart, the second of which answers; commands are given its URL. */
export const withCart = (
  use: (command: (...args: string[]) => ReturnType<typeof gymnura>, value: <T>(...args: string[]) => Promise<T>) => Promise<void>,
) =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'cart.safetensors'), pullPolicy())
    writeFileSync(join(folder, 'push.safetensors'), pushPolicy())
    await withServing(folder, ['--model', 'cart.safetensors', '--isolation', 'inline'], async (url) => {
      await json(folder, 'publish', 'push.safetensors', '--name', 'cart', '--url', url)
      await use(
        (...args) => gymnura(folder, ...args, '--url', url),
        <T>(...args: string[]) => json<T>(folder, ...args, '--url', url),
      )
    })
  })
