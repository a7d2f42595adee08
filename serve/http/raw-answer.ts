import { STATUS_CODES } from 'node:http'

/** A refusal as bytes on the connection, for where there is no reply to send it with. */
export function rawRefusal(status: number, code: string | undefined, cause: string): string {
  const body = JSON.stringify({ error: 'Request error', code, cause })
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8`
  return `${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
