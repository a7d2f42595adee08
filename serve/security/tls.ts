import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ServeError } from '../errors.js'
import { checkOptions, refuse } from '../refusals.js'

/** Certificates: PEM text, or the path of a PEM file. */
export interface TlsOptions {
  key: string
  cert: string
  /** Of a key that is encrypted. */
  passphrase?: string
  /** With it, callers must show a certificate that this authority signed. */
  clientCa?: string
}

export interface TlsMaterial {
  readonly key: string
  readonly cert: string
  readonly passphrase?: string
  readonly ca?: string
  readonly requestCert?: boolean
  readonly rejectUnauthorized?: boolean
  readonly minVersion: 'TLSv1.2'
}

const isEncrypted = (key: string) => /BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(key)

function pem(what: string, given: unknown): string {
  if (typeof given !== 'string' || given === '') return refuse(what, undefined, 'PEM text, or the path of a PEM file')
  if (given.includes('-----BEGIN')) return given
  try {
    return readFileSync(given, 'utf8')
  } catch (cause) {
    throw new ServeError('SERVE_OPTION', `${what}: ${(cause as Error).message}`, { cause })
  }
}

/** PEM that holds what it is to: the two files are easily given the wrong way round. */
function holding(kind: 'PRIVATE KEY' | 'CERTIFICATE', what: string, text: string): string {
  if (new RegExp(`-----BEGIN [A-Z ]*${kind}`).test(text)) return text
  throw new ServeError('SERVE_OPTION', `${what} holds no "BEGIN ${kind}"; expected a PEM file with one`)
}

/** @throws ServeError `SERVE_OPTION` for what cannot be read, or does not fit together */
export function readTls(options: TlsOptions): TlsMaterial {
  const { passphrase, ...given } = checkOptions<TlsOptions>('tls', options, ['key', 'cert', 'passphrase', 'clientCa'])
  const client =
    given.clientCa === undefined ? {} : { ca: pem('tls.clientCa', given.clientCa), requestCert: true, rejectUnauthorized: true }
  const texts = { key: pem('tls.key', given.key), cert: pem('tls.cert', given.cert) }
  const key = holding('PRIVATE KEY', 'tls.key', texts.key)
  const material = {
    key,
    cert: holding('CERTIFICATE', 'tls.cert', texts.cert),
    minVersion: 'TLSv1.2',
    ...(passphrase !== undefined && { passphrase }),
    ...client,
  } as const
  try {
    createSecureContext(material)
  } catch (cause) {
    const { message } = cause as Error
    const told = isEncrypted(key) ? `${message}; the key is encrypted, is its passphrase right?` : message
    throw new ServeError('SERVE_OPTION', `tls: the key and the certificates cannot be used: ${told}`, { cause })
  }
  return material
}
