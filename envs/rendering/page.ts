/** The page that shows what an environment draws, and sends which keys are held. Its canvas is painted by browser-canvas.js. */
export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>gymnura</title>
<link rel="icon" href="data:,">
<style>
  body { margin: 0; min-height: 100vh; display: grid; place-content: center; gap: 12px; justify-items: center; background: #f4f4f2; color: #222; font: 15px/1.4 system-ui, sans-serif }
  canvas { image-rendering: pixelated }
  canvas, pre { max-width: 96vw; background: #fff; border: 1px solid #ccc; border-radius: 6px }
  pre { margin: 0; padding: 12px 16px; font: 15px/1.25 ui-monospace, monospace }
  #keys { color: #666 }
  [hidden] { display: none }
</style>
<h1 id="title" style="font-size: 18px; margin: 0"></h1>
<canvas id="canvas" hidden></canvas>
<pre id="text" hidden></pre>
<div id="status" role="status">waiting for the first picture …</div>
<div id="keys"></div>
<script type="module">
import { paintOn } from './rendering/browser-canvas.js'
const at = (id) => document.getElementById(id)
const canvas = at('canvas')
const context = canvas.getContext('2d')
// Small pictures are shown larger: pixels by a whole factor, shapes painted so large. Gives back by how much to paint larger.
const size = (width, height, pixels) => {
  const room = Math.min(640 / width, 480 / height)
  const scale = room < 1.25 ? 1 : pixels ? Math.floor(room) : room
  const painted = pixels ? 1 : scale
  const [w, h] = [Math.round(width * painted), Math.round(height * painted)]
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h })
  canvas.style.width = Math.round(width * scale) + 'px'
  canvas.hidden = false
  return painted
}
const show = {
  shapes: ({ width, height, background, shapes }) => {
    const scale = size(width, height, false)
    context.setTransform(scale, 0, 0, scale, 0, 0)
    paintOn(context, { width, height, background, paint: (on) => shapes.forEach(([name, ...args]) => on[name](...args)) })
  },
  rgb: ({ width, height, base64 }) => {
    size(width, height, true)
    const bytes = atob(base64)
    const image = context.createImageData(width, height)
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes.charCodeAt(3 * i + c)
      image.data[4 * i + 3] = 255
    }
    context.putImageData(image, 0, 0)
  },
  text: (text) => Object.assign(at('text'), { textContent: text, hidden: false }),
  title: (text) => { at('title').textContent = document.title = text },
  status: (text) => { at('status').textContent = text },
  keys: (text) => { at('keys').textContent = text },
}
const events = new EventSource('./events')
events.onmessage = ({ data }) => { for (const [kind, value] of Object.entries(JSON.parse(data))) show[kind]?.(value) }
events.onerror = () => show.status('the program has ended or cannot be reached')
const held = new Set()
let sent = '[]'
const send = () => {
  const keys = JSON.stringify([...held].sort())
  if (keys !== sent) fetch('./keys', { method: 'POST', headers: { 'content-type': 'application/json' }, body: (sent = keys) }).catch(() => {})
}
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key.startsWith('Arrow') || event.key === ' ') event.preventDefault()
  held.add(event.key)
  send()
})
addEventListener('keyup', (event) => { held.delete(event.key); send() })
addEventListener('blur', () => { held.clear(); send() })
</script>
</html>
`
