// Bundles each room of dist/ into a few files. Node takes 0.7 ms to load a module and a room has a hundred: bundled, a worker thread
// starts in half the time, and so does the command.
//
//     dist/ROOM/bundle/…         what is loaded: one file for each entry below, and what they share
//     dist/ROOM/any/module.js    leads there, so that whoever imports it, a test say, meets the same classes and the same state
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
  bin: [],
}
/** Packages that every worker thread loads: looking for one costs Node as much as ten modules. */
const inlined = ['comlink', 'fastest-levenshtein']
/** Sent to browsers as they are. */
const plain = new Set(['envs/rendering/browser-canvas'])

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist')
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
      onResolve({ filter: /^[^./]/ }, ({ path }) =>
        path.startsWith('gymnura:') || inlined.some((name) => path === name || path.startsWith(`${name}/`))
          ? undefined
          : { path, external: true },
      )
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

for (const room of Object.keys(entries)) await bundleRoom(room)
