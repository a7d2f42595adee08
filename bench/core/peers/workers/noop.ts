/** The no-op as piscina and tinypool run it: the default export of a file. */
export default function noop(): string {
  return 'ok'
}
