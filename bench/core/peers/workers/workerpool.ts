/** The no-op as workerpool runs it: registered by name. Where workerpool is installed is told by the driver. */
import { workerData } from 'node:worker_threads'
import noop from './noop.js'

const { default: workerpool }: { default: { worker(methods: object): void } } = await import(workerData.workerpool)
workerpool.worker({ noop })
