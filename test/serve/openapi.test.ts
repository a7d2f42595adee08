import type { Server } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withServer } from './tools.js'

interface Operation {
  readonly summary: string
  readonly operationId: string
  readonly tags: readonly string[]
  readonly parameters?: readonly { name: string; in: string }[]
  readonly requestBody?: { content: Record<string, object> }
  readonly security?: object[]
}
interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { securitySchemes?: object }
}

const documentOf = async (server: Server) => (await (await fetch(`${server.url}/openapi.json`)).json()) as Document
const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
  )

test('the OpenAPI page tells of every call, each with what it does, an id of its own and the parameters of its path', () =>
  withServer(async (server) => {
    const document = await documentOf(server)
    assert.match(document.openapi, /^3\.1/)
    const operations = operationsOf(document)
    for (const { path, method, operation } of operations) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name)
      assert.equal(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        path,
      )
      assert.ok(operation.summary.length > 5, `${method} ${path} says nothing`)
      assert.not.match(path, /[:(^]\w*[({]/)
    }
    assert.is(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length)
    for (const path of [
      '/{application}/predict',
      '/v2/models/{model}/versions/{version}/infer',
      '/v1/models/{model}:predict',
      '/v1/models/{model}/labels/{label}:classify',
      '/admin/publish',
      '/metrics',
      '/openapi.json',
    ])
      assert.ok(path in document.paths, path)
  }))

test('every call that the page tells of is served: none is answered as a path that is not there', () =>
  withServer(async (server) => {
    for (const { path, method } of operationsOf(await documentOf(server))) {
      // Watching would go on until the server closes.
      if (method === 'get' && path.endsWith('/stream')) continue
      const url = server.url + path.replace(/\{\w+\}/g, 'nobody')
      const response = await fetch(url, method === 'get' ? {} : { method: 'POST', body: '{}' })
      assert.not.match(await response.text(), 'is not served here', `${method} ${path}`)
      assert.ok(response.status < 500, `${response.status} for ${method} ${path}`)
    }
  }))

test('with tokens the page says which calls need one', () =>
  withServer(
    async (server) => {
      const { paths, components } = await documentOf(server)
      assert.ok(components.securitySchemes)
      assert.ok(paths['/{application}/predict']?.post?.security)
      assert.is(paths['/v2/health/live']?.get?.security, undefined)
    },
    { tokens: { admin: 'admin-token-0123456789' } },
  ))

test('people get the same as a page of plain HTML', () =>
  withServer(async (server) => {
    const response = await fetch(`${server.url}/docs`)
    const page = await response.text()
    assert.match(response.headers.get('content-type') ?? '', 'text/html')
    for (const path of Object.keys((await documentOf(server)).paths)) assert.ok(page.includes(`<code>${path}</code>`), path)
    assert.not.match(page, '<script')
  }))

test.run()
