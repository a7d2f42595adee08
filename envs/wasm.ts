/**
 * Compiles the WebAssembly module at `url`, at once: `makeVec` is synchronous. In Node the file is read; in a browser it is fetched by a
 * synchronous request, which blocks for as long as the few kilobytes take.
 */
export function compileWasm(url: URL): WebAssembly.Module {
  // Not an import of node:fs, so that this file loads in a browser.
  const fs = globalThis.process?.getBuiltinModule?.('node:fs')
  return new WebAssembly.Module(fs ? fs.readFileSync(url) : requestBytes(url))
}

function requestBytes(url: URL): Uint8Array<ArrayBuffer> {
  const request = new XMLHttpRequest()
  request.open('GET', url, false)
  // A synchronous request gives text only; this character set keeps each byte as the low half of a character.
  request.overrideMimeType('text/plain; charset=x-user-defined')
  request.send()
  if (request.status !== 200) throw new Error(`cannot load ${url.href}: status ${request.status}`)
  return Uint8Array.from(request.responseText, (character) => character.charCodeAt(0) & 255)
}
