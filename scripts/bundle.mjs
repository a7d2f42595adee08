// Bundles each room of dist/ into a few files. Node takes 0.7 ms to load a module and a room has a hundred: bundled, a worker thread
// starts in half the time, and so does the command.
//
//     dist/ROOM/bundle/…         what is loaded: one file for each entry below, and what they share
//     dist/ROOM/any/module.js    leads there, so that whoever imports it, a test say, meets the same classes and the same state
//     dist/ROOM/bundle/NAME.cjs  a package of a hundred small files that the room loads when it starts, as one; LICENSES.txt has their licences
//
// The build has written plain modules to dist/ before.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'

/** Modules that are imported by themselves: by programs, by another room, or in workers. */
const entries = {
  core: ['index', 'api/pool-actor', 'api/queue-actor'],
  envs: ['index', 'seeding', 'spaces/index'],
  rl: ['index', 'policy/index', 'algorithms/ppo-worker'],
  serve: ['index', 'browser'],
  bin: ['lean-heap'],
}
/** Packages that every worker thread loads: looking for one costs Node as much as ten modules. */
const inlined = ['comlink', 'fastest-levenshtein']
/** Packages of many small files, by the room that loads them when it starts: each becomes one file. */
const packed = { serve: ['fastify', 'pino'] }
/** What they would load for schemas of routes, which ours have not (serve/http/app.ts). */
const needless = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler']
/** Sent to browsers as they are. */
const plain = new Set(['envs/rendering/browser-canvas'])

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const asUrl = (path) => path.split(sep).join('/')
const titleOf = (module) => module.replaceAll('/', '-')

/** A module that exports nothing and does something: the first file of a thread or process, which begins to work once it is loaded. */
const begins = (file) => /^(?!import |export |\/\/|\/?\*|\s|$)/m.test(readFileSync(file, 'utf8'))

/** The names that each module exports, by its path without `.js`. */
async function exportsOf(room, modules) {
  const { metafile } = await build({
    absWorkingDir: join(dist, room),
    entryPoints: modules.map((module) => `${module}.js`),
    outdir: '.',
    write: false,
    metafile: true,
    logLevel: 'error',
  })
  const own = (module) => metafile.outputs[`${module}.js`].exports
  /** With those of the modules that it passes on as a whole, which esbuild does not look into. */
  const all = (module) => {
    const text = readFileSync(join(dist, room, `${module}.js`), 'utf8')
    const passed = [...text.matchAll(/^export \* from '(\.[^']+)\.js'/gm)].map(([, path]) => asUrl(join(dirname(module), path)))
    return [...new Set([...own(module), ...passed.flatMap(all).filter((name) => name !== 'default')])]
  }
  return new Map(modules.map((module) => [module, all(module)]))
}

/** Names of the same module's exports are told apart by its number. */
const inAll = (index, name) => `m${index}_${name}`

/** Keeps to one room, and keeps for each module what it may ask about itself: its URL and the names of its classes. */
function roomPlugin(room, all) {
  const home = join(dist, room)
  const out = join(home, 'bundle')
  return {
    name: 'room',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^gymnura:all$/ }, () => ({ path: 'all', namespace: 'all' }))
      onLoad({ filter: /.*/, namespace: 'all' }, () => ({ contents: all, resolveDir: home }))
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const file = resolve(resolveDir, path)
        return file.startsWith(home + sep) ? undefined : { path: asUrl(relative(out, file)), external: true }
      })
      onResolve({ filter: /^[^./]/ }, ({ path }) => {
        if (path.startsWith('gymnura:') || inlined.some((name) => path === name || path.startsWith(`${name}/`))) return undefined
        return { path: packed[room]?.includes(path) ? `./${path}.js` : path, external: true }
      })
      onLoad({ filter: /\.js$/, namespace: 'file' }, async ({ path }) => {
        if (path.includes(`${sep}node_modules${sep}`)) return undefined
        let contents = readFileSync(path, 'utf8')
        if (contents.includes('import.meta.url')) {
          const { code } = await transform(contents, { define: { 'import.meta.url': 'ownUrl' }, format: 'esm' })
          if (code.includes('ownUrl')) contents = `const ownUrl = new URL('${asUrl(relative(out, path))}', import.meta.url).href\n${code}`
        }
        // Of two classes with one name the bundle renames one; their names are seen, in the text of a wrapped environment say.
        const classes = [...contents.matchAll(/^(?:export )?class (\w+)/gm)].map(([, name]) => name)
        const named = classes.map((name) => `Object.defineProperty(${name}, 'name', { value: '${name}' })`)
        const map = `//# sourceMappingURL=${asUrl(path)}.map`
        return { contents: [contents.replace(/^\/\/# sourceMappingURL.*$/m, ''), ...named, map].join('\n'), loader: 'js' }
      })
    },
  }
}

/** A package with all that it depends on but those that are packed beside it. Resolves with the folders of what is in it. */
async function pack(room, name) {
  const out = join(dist, room, 'bundle')
  const beside = {
    name: 'beside',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path }) =>
        path !== name && packed[room].includes(path) ? { path: `./${path}.cjs`, external: true } : undefined,
      )
    },
  }
  const { metafile } = await build({
    stdin: { contents: `module.exports = require('${name}')`, resolveDir: root },
    outfile: join(out, `${name}.cjs`),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: needless,
    metafile: true,
    logLevel: 'error',
    plugins: [beside],
  })
  // By require: an import would read the whole text for the names that it exports, which takes as long as running it.
  const required = `import { createRequire } from 'node:module'\nexport default createRequire(import.meta.url)('./${name}.cjs')\n`
  writeFileSync(join(out, `${name}.js`), required)
  return Object.keys(metafile.inputs).flatMap((file) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
}

function licenceOf(folder) {
  const home = join(root, folder)
  const { name, version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const file = readdirSync(home).find((entry) => /^licen[cs]e/i.test(entry))
  return `${name} ${version} (${license})\n${file ? readFileSync(join(home, file), 'utf8').trim() : ''}`
}

async function bundleRoom(room) {
  const home = join(dist, room)
  const modules = readdirSync(home, { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .map((file) => asUrl(file).slice(0, -'.js'.length))
    .sort()
  const names = await exportsOf(room, modules)
  const first = modules.filter((module) => names.get(module).length === 0 && begins(join(home, `${module}.js`)))
  const alone = new Set([...entries[room], ...first])
  const rest = modules.filter((module) => names.get(module).length > 0)
  const all = rest
    .map((module, index) => `export { ${names.get(module).map((name) => `${name} as ${inAll(index, name)}`)} } from './${module}.js'`)
    .join('\n')
  await build({
    absWorkingDir: home,
    entryPoints: [{ in: 'gymnura:all', out: 'all' }, ...[...alone].map((module) => ({ in: `./${module}.js`, out: titleOf(module) }))],
    outdir: 'bundle',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'error',
    plugins: [roomPlugin(room, all)],
  })
  console.log(`${room}: ${modules.length} modules bundled; first files ${first.join(', ') || 'none'}`)
  for (const module of modules) {
    if (plain.has(`${room}/${module}`)) continue
    const file = join(home, `${module}.js`)
    const isEntry = alone.has(module)
    const from = asUrl(relative(dirname(file), join(home, 'bundle', `${isEntry ? titleOf(module) : 'all'}.js`)))
    const path = from.startsWith('.') ? from : `./${from}`
    const shown = names.get(module).map((name) => (isEntry ? name : `${inAll(rest.indexOf(module), name)} as ${name}`))
    const text = shown.length > 0 ? `export { ${shown.join(', ')} } from '${path}'` : isEntry ? `import '${path}'` : 'export {}'
    const shebang = readFileSync(file, 'utf8').startsWith('#!') ? '#!/usr/bin/env node\n' : ''
    writeFileSync(file, `${shebang}${text}\n`)
    rmSync(`${file}.map`, { force: true })
  }
}

for (const room of Object.keys(entries)) {
  await bundleRoom(room)
  const folders = []
  for (const name of packed[room] ?? []) folders.push(...(await pack(room, name)))
  if (folders.length > 0)
    writeFileSync(join(dist, room, 'bundle', 'LICENSES.txt'), [...new Set(folders)].sort().map(licenceOf).join('\n\n'))
}
