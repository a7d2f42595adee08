import { remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freeVariables } from '../../core/control/free-variables.js'

const outside = 7
test.after(() => shutdown())

test('a function that uses a variable from outside is refused with its name and the two ways out', () => {
  assert.throws(
    () => remote((x: number) => x * outside),
    /uses 'outside' from outside itself.*pass it as an argument.*\{ module: import\.meta\.url \}/,
  )
})

test('import.meta and native functions are refused with the reason', () => {
  assert.throws(() => remote(() => import.meta.url), /import\.meta is not available in a shipped function/)
  assert.throws(() => remote(Math.max), /native or bound and has no source/)
  assert.throws(() => remote((() => 1).bind(null)), /native or bound/)
})

test('a helper that a compiler put beside the file is told as what it is', () => {
  const source = '(x) => __awaiter(this, void 0, void 0, function* () { return __rest(x, ["a"]) })'
  const made = new Function(`return ${source}`)() as () => unknown
  assert.throws(() => remote(made), /uses '__awaiter', '__rest'.*compile for ES2022 or newer/)
})

const globals = (names: string[]) => names.filter((name) => !(name in globalThis))
const cases: [string, string[]][] = [
  ['(x) => x + y', ['y']],
  ['x => { const y = 1; return x + y }', []],
  ['({ a, b: { c = d }, ...rest }) => [a, c, rest]', []],
  ['(a) => ({ a, b: 1, c })', ['c']],
  ['(a) => a.b.c?.d', []],
  ['async () => { for await (const [k, v] of m) use(k, v) }', ['m', 'use']],
  ['() => { let a = 1, b = a; var { c, d: [e] } = f(); return a + b + c + e }', ['f']],
  ['() => { try { a() } catch (e) { return e } finally { b() } }', ['a', 'b']],
  ['() => { try { return 1 } catch { return 2 } }', []],
  ['(s) => s.replace(/[/"\'`]x/g, "q") / 2 / z', ['z']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
  ['(n) => `a ${n ? `${inner}` : "}"} b`', ['inner']],
  [
    'class A extends Base { static n = 0; m = 1\n k; #p = q\n get g() { return this.#p } set g(v) {} async *gen() { yield r } [s]() {} }',
    ['Base', 'q', 'r', 's'],
  ],
  ['class A { add(k) { return (this.n += k) } n = 0; async later(ms) { await new Promise((r) => setTimeout(r, ms)) } }', []],
  ['() => { outer: for (;;) { if (a) continue outer; break outer } }', ['a']],
  ['(f) => {\n const g = f\n OUTER: for (;;) if (g) inner: { break inner } else last: break OUTER\n}', []],
  ['(a) => a ?\n b :\n c', ['b', 'c']],
  ['(a, b) => a ? b : c', ['c']],
  ['() => { switch (a) { case b: return 1; default: return 2 } }', ['a', 'b']],
  ['function f(n) { return n ? f(n - 1) : typeof undeclared }', []],
  ['() => { function g() { return h } class K {} return new K(g()) }', ['h']],
  ['() => // comment with words\n 1 /* and more */', []],
  ['(x) => { if (x) { y = x } }', ['y']],
  ['async () => { const { a } = await import("m"); return a(new.target, arguments) }', []],
  ['() => [1, 2].map((v, i) => v * i).filter((v) => v > k)', ['k']],
  ['(a) => a++ / 2 / b', ['b']],
  ['() => ({ get x() { return 1 }, set x(v) {}, async m() {}, *g() {}, async *h() {}, [key]: 1, "s": 2, 3: 4 })', ['key']],
  ['() => { const a = 1\n const b = 2\n return a, b }', []],
  ['() => { let i; for (i = 0; i < n; i++); }', ['n']],
  ['(x) => x instanceof Thing || x in table', ['Thing', 'table']],
  ['(x = dflt) => x', []],
  ["() => typeof window !== 'undefined' ? window.x : 0", []],
  ['(s) => { if (s) /a b/.test(s)\n while (s) /c/.exec(s) }', []],
  ['(s) => { const f = () => { }\n /d e/.test(s) }', []],
  ['(a) => (a + 1) / two / 3', ['two']],
  ['class A { a = i++\n b = 1\n c = i--\n d = 2 }', ['i']],
]

test('the free variables of many shapes of source are found, and no bound one is taken for free', () => {
  for (const [source, expected] of cases) assert.equal(globals(freeVariables(source)), expected, source)
})

test('source that is not understood has no free variables, so nobody is refused by mistake', () => {
  assert.equal(freeVariables('() => { `unfinished'), [])
  assert.equal(freeVariables(') => x'), [])
})

test.run()
