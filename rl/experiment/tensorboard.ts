/**
 * TensorBoard event files: TFRecords (length, masked CRC-32C of it, data, masked CRC-32C of that) of `Event` protocol buffers.
 * Only scalars are written. Field numbers: tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** CRC-32C (Castagnoli), as RFC 3720 B.4 defines it. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]
  return ~crc >>> 0
}

/** TFRecord stores checksums rotated and offset, so that a record of records doesn't contain its own checksum. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return bytes
}

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const key = (field: number, wire: number) => varint((field << 3) | wire)
const bytesField = (field: number, bytes: Uint8Array) => [...key(field, WIRE.bytes), ...varint(bytes.length), ...bytes]
const stringField = (field: number, text: string) => bytesField(field, new TextEncoder().encode(text))
const varintField = (field: number, value: number) => [...key(field, WIRE.varint), ...varint(value)]
const doubleField = (field: number, value: number) => [...key(field, WIRE.fixed64), ...new Uint8Array(new Float64Array([value]).buffer)]
const floatField = (field: number, value: number) => [...key(field, WIRE.fixed32), ...new Uint8Array(new Float32Array([value]).buffer)]

const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const
const SUMMARY = { value: 1 } as const
const VALUE = { tag: 1, simpleValue: 2 } as const

function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(8 + 4 + data.length + 4)
  const view = new DataView(out.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc(out.subarray(0, 8)), true)
  out.set(data, 12)
  view.setUint32(12 + data.length, maskedCrc(data), true)
  return out
}

/** The record that opens a file. `wallTime` in seconds since 1970. */
function versionRecord(wallTime: number): Uint8Array {
  return record(Uint8Array.from([...doubleField(EVENT.wallTime, wallTime), ...stringField(EVENT.fileVersion, 'brain.Event:2')]))
}

/** The record of some scalars at one step. */
export function scalarsRecord(wallTime: number, step: number, values: Readonly<Record<string, number>>): Uint8Array {
  const summary = Object.entries(values).flatMap(([tag, value]) =>
    bytesField(SUMMARY.value, Uint8Array.from([...stringField(VALUE.tag, tag), ...floatField(VALUE.simpleValue, value)])),
  )
  const event = [
    ...doubleField(EVENT.wallTime, wallTime),
    ...varintField(EVENT.step, step),
    ...bytesField(EVENT.summary, Uint8Array.from(summary)),
  ]
  return record(Uint8Array.from(event))
}

/** Appends scalars to one `events.out.tfevents.*` file in `folder`; each call of `scalars` is on disk when it returns. */
export class EventFileWriter {
  readonly #file: number

  constructor(folder: string) {
    const name = `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}.${Math.floor(performance.now())}`
    this.#file = openSync(join(folder, name), 'a')
    writeSync(this.#file, versionRecord(Date.now() / 1000))
  }

  scalars(step: number, values: Readonly<Record<string, number>>): void {
    writeSync(this.#file, scalarsRecord(Date.now() / 1000, step, values))
  }

  close(): void {
    closeSync(this.#file)
  }
}
