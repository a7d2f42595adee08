import type { OpenApiDocument, Operation } from './document.js'

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
h2{margin-top:2.5rem;border-bottom:1px solid #ddd}code{font:14px ui-monospace,monospace}summary{cursor:pointer;padding:.4rem 0}
.method{display:inline-block;width:3.5rem;color:#666}.says{color:#555;margin-left:.5rem}pre{background:#f6f6f6;padding:.8rem;overflow-x:auto}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}pre{background:#242424}.says,.method{color:#999}}`

const schemaHtml = (title: string, schema: unknown) =>
  schema === undefined ? '' : `<p>${title}</p><pre><code>${escapeHtml(JSON.stringify(schema, null, 2))}</code></pre>`

function operationHtml(path: string, method: string, { summary, description, parameters, requestBody, responses }: Operation): string {
  const head = `<span class="method">${method.toUpperCase()}</span><code>${escapeHtml(path)}</code>`
  return `<details><summary>${head}<span class="says">${escapeHtml(summary)}</span></summary>
${description ? `<p>${escapeHtml(description)}</p>` : ''}${schemaHtml('Parameters', parameters)}${schemaHtml('Body', requestBody?.content)}${schemaHtml(
  'Answer',
  (responses['200'] as { content?: unknown }).content,
)}</details>`
}

/** The same for people: a page without scripts, with what each call takes and answers folded under it. */
export function documentPage({ info, paths }: OpenApiDocument): string {
  const groups = new Map<string, string[]>()
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const [tag = ''] = operation.tags
      groups.set(tag, [...(groups.get(tag) ?? []), operationHtml(path, method, operation)])
    }
  }
  const sections = [...groups].map(([tag, operations]) => `<section><h2>${escapeHtml(tag)}</h2>${operations.join('\n')}</section>`)
  const paragraphs = info.description.split('\n\n').map((text) => `<p>${escapeHtml(text)}</p>`)
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${info.title} ${info.version}</title>
<style>${STYLE}</style></head><body><h1>${info.title} ${info.version}</h1>${paragraphs.join('')}<p><a href="openapi.json">openapi.json</a></p>
${sections.join('\n')}</body></html>`
}
