/**
 * Numbers as NumPy prints them (its default print options), since a space is printed with its bounds: the fewest digits that tell a value
 * apart, at most 8 after the point, one width for all, lines of at most 75 characters.
 */
import { DTYPES, type Dtype } from './dtype.js'
import { sizeOf } from './shape.js'

const PRECISION = 8
const LINE = 75
/** Above this many numbers only the first and last three of an axis are shown. */
const THRESHOLD = 1000
const EDGE = 3

/** The elements of a Python tuple in its parentheses. */
export function pythonTuple(values: readonly number[]): string {
  return `(${values.join(', ')}${values.length === 1 ? ',' : ''})`
}

/** A string as Python's repr writes it. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text
    .replace(/\\/g, '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replace(/[\n\r\t]/g, (c) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[c]!)
  return quote + escaped + quote
}

/** One number where all are equal, the whole array otherwise. */
export function shortText(values: ArrayLike<number>, shape: readonly number[], dtype: Dtype): string {
  const list = Array.from(values)
  return list.length > 0 && list.every((value) => value === list[0]) ? scalarText(list[0]!, dtype) : numpyText(values, shape, dtype)
}

/** Significant digits and the exponent of the first: the fewest digits that give the value back in its dtype. */
function digitsOf(value: number, dtype: Dtype): { digits: string; exponent: number } {
  let text = value.toExponential()
  if (dtype === 'float32') {
    for (let places = 0; places < 9; places++) {
      text = value.toExponential(places)
      if (Math.fround(Number(text)) === value) break
    }
  }
  const [mantissa, exponent] = text.replace('-', '').split('e')
  return { digits: mantissa!.replace('.', ''), exponent: text.includes('e-') ? -Number(exponent!.replace('-', '')) : Number(exponent) }
}

const sign = (value: number) => (value < 0 || Object.is(value, -0) ? '-' : '')
const exponentText = (exponent: number) => `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`

function scalarText(value: number, dtype: Dtype): string {
  const { kind } = DTYPES[dtype]
  if (kind === 'bool') return value ? 'True' : 'False'
  if (kind !== 'float') return String(value)
  if (!Number.isFinite(value)) return special(value)
  const { digits, exponent } = digitsOf(Math.abs(value), dtype)
  if (value !== 0 && (Math.abs(value) >= (dtype === 'float32' ? 1e6 : 1e16) || Math.abs(value) < 1e-4)) {
    return `${sign(value)}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}${exponentText(exponent)}`
  }
  const text = positional(digits, exponent)
  return sign(value) + (text.endsWith('.') ? `${text}0` : text)
}

function special(value: number): string {
  return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf'
}

/** All the digits with the point where it belongs; ends with the point where nothing follows it. */
function positional(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${whole}.${digits.slice(exponent + 1)}`
}

/** An array in brackets, as `str(array)`. */
export function numpyText(values: ArrayLike<number>, shape: readonly number[], dtype: Dtype): string {
  if (shape.length === 0) return scalarText(values[0]!, dtype)
  if (values.length === 0) return '[]'
  const abbreviated = values.length > THRESHOLD
  const format = formatter(abbreviated ? corners(values, shape) : Array.from(values), dtype)
  const text = (axis: number, first: number): string => {
    if (axis === shape.length) return format(values[first]!)
    const side = shape[axis]!
    const stride = sizeOf(shape.slice(axis + 1))
    const at = (places: number[]) => places.map((i) => text(axis + 1, first + i * stride))
    const parts = abbreviated && side > 2 * EDGE ? [...at(range(0, EDGE)), '...', ...at(range(side - EDGE, side))] : at(range(0, side))
    const indent = ' '.repeat(axis + 1)
    if (axis === shape.length - 1) return `[${inLines(parts, indent, LINE - axis - 1)}]`
    return `[${parts.join(`${'\n'.repeat(shape.length - axis - 1)}${indent}`)}]`
  }
  return text(0, 0)
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** The numbers that an abbreviated array shows. */
function corners(values: ArrayLike<number>, shape: readonly number[]): number[] {
  let places = [0]
  for (const side of shape) {
    const shown = side > 2 * EDGE ? [...range(0, EDGE), ...range(side - EDGE, side)] : range(0, side)
    places = places.flatMap((place) => shown.map((i) => place * side + i))
  }
  return places.map((place) => values[place]!)
}

/** Words in lines of `width` characters, each after `indent`, which is left out of the first. */
function inLines(words: readonly string[], indent: string, width: number): string {
  let lines = ''
  let line = indent
  words.forEach((word, i) => {
    if (line.length + word.length > width && line.length > indent.length) {
      lines += `${line.trimEnd()}\n`
      line = indent
    }
    line += i === words.length - 1 ? word : `${word} `
  })
  return (lines + line).slice(indent.length)
}

/** How each of these numbers is written, at one width. */
function formatter(shown: readonly number[], dtype: Dtype): (value: number) => string {
  const { kind } = DTYPES[dtype]
  if (kind !== 'float') {
    const width = kind === 'bool' ? 5 : Math.max(...shown.map((value) => scalarText(value, dtype).length))
    return (value) => scalarText(value, dtype).padStart(width)
  }
  const finite = shown.filter(Number.isFinite)
  const magnitudes = finite.map(Math.abs).filter((value) => value !== 0)
  const most = Math.max(...magnitudes)
  const least = Math.min(...magnitudes)
  const scientific = magnitudes.length > 0 && (most >= 1e8 || least < 1e-4 || most / least > 1000)
  const parts = (value: number) => (scientific ? scientificParts(value, dtype) : positionalParts(value, dtype))
  const all = finite.map(parts)
  const widest = (of: (part: Parts) => number) => Math.max(0, ...all.map(of))
  const fraction = widest((part) => part.fraction.length)
  const exponent = widest((part) => part.exponent.length)
  const right = fraction + exponent
  const exponentOf = (text: string) => text && text.slice(0, 2) + text.slice(2).padStart(exponent - 2, '0')
  let left = widest((part) => part.whole.length)
  if (finite.length < shown.length) {
    for (const value of shown) if (!Number.isFinite(value)) left = Math.max(left, special(value).length - right - 1)
  }
  return (value) => {
    if (!Number.isFinite(value)) return special(value).padStart(left + right + 1)
    const part = parts(value)
    const after = scientific ? part.fraction.padEnd(fraction, '0') : part.fraction
    return `${part.whole.padStart(left)}.${after}${exponentOf(part.exponent)}`.padEnd(left + right + 1)
  }
}

interface Parts {
  whole: string
  fraction: string
  exponent: string
}

function scientificParts(value: number, dtype: Dtype): Parts {
  let { digits, exponent } = digitsOf(Math.abs(value), dtype)
  if (digits.length > PRECISION + 1) {
    const [mantissa, power] = Math.abs(value).toExponential(PRECISION).split('e')
    digits = mantissa!.replace('.', '').replace(/0+$/, '') || '0'
    exponent = Number(power)
  }
  return { whole: sign(value) + digits[0], fraction: digits.slice(1), exponent: exponentText(exponent) }
}

function positionalParts(value: number, dtype: Dtype): Parts {
  const { digits, exponent } = digitsOf(Math.abs(value), dtype)
  let text = positional(digits, exponent)
  if (text.length - text.indexOf('.') - 1 > PRECISION) text = Math.abs(value).toFixed(PRECISION)
  const [whole, fraction] = text.split('.')
  return { whole: sign(value) + whole, fraction: (fraction ?? '').replace(/0+$/, ''), exponent: '' }
}
