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
  ['({ a, b: { c = d }, ...rest }) => [a, c, rest]', ['d']],
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
  ['(x, y = dflt) => x + y', ['dflt']],
  [
    '({ a = one, b: { c = two } = three, [key]: d = four, ...rest }, [e = five, ...f] = six) => [a, c, d, rest, e, f]',
    ['one', 'two', 'three', 'key', 'four', 'five', 'six'],
  ],
  ['(f = (p, q = deep) => p + q + deeper, g = x => x) => f(g)', ['deep', 'deeper']],
  ['() => { const { a = one, [two]: b, "c": c, 4: d } = o, [e = three] = o; return a + b + c + d + e }', ['one', 'two', 'o', 'three']],
  [
    '() => { for (const { a = one } of list) use(a); try { f() } catch ({ message = two }) { message } }',
    ['one', 'list', 'use', 'f', 'two'],
  ],
  ['function f(a = arguments.length, b = () => this.x) { return a + b + arguments[0] }', []],
  ['async () => await get(ref)', ['get', 'ref']],
  ['async () => { const { get, set } = await import("m"); return set(get(1)) }', []],
  ['() => ({ get a() { return set }, set a(v) { from(v) }, get() { return 1 }, set: 2, as, target })', ['set', 'from', 'as', 'target']],
  ['class A { get = 1\n set = 2\n get x() { return get } static set x(v) { } }', ['get']],
  ['() => class extends mixin(Base, Other) { m(k) { return super.m(k) } }', ['mixin', 'Base', 'Other']],
  ['() => class A extends B.C { [k] = v; static { init(this) } #p = 1; has(o) { return #p in o } }', ['B', 'k', 'v', 'init']],
  ['() => { switch (a) { case b: { const c = 1; return c } case d(e): return 2; default: } }', ['a', 'b', 'd', 'e']],
  ['class A { with(f, ...args) { return f(args) } if(c) { return c } for(d) { if (e) { return d } } }', ['e']],
  ['() => ({ a: 1, if(c) { return c }, with(d) { return d } })', []],
  ['function* () { const x = yield y; yield* z(x) }', ['y', 'z']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
  ['(t) => tag`a ${t} b ${`c ${u}`}`', ['tag', 'u']],
  ['() => { if (a) b: while (c) { continue b } }', ['a', 'c']],
  ['({ a: { b: [c, { d }] } }) => c + d + a + b', ['a', 'b']],
  ['() => { a ||= b; c.d ??= e; f?.[g]?.(h) }', ['a', 'b', 'c', 'e', 'f', 'g', 'h']],
  ['(o) => { ({ p: o.q, r = s } = o); [o.t = u] = v }', ['r', 's', 'u', 'v']],
  ['() => { var x; { let y; function z() { return x + y } } return z }', []],
  ['async () => { await using; for (const i in o) i }', ['using', 'o']],
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
