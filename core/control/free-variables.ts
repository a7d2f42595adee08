import { type Token, tokenize } from './tokens.js'

/**
 * Which variables a function uses without declaring them. A light analysis on tokens, with one rule: never call a variable
 * free that might not be. A name declared anywhere in the source counts as declared everywhere; source that is not
 * understood has no free variables. What slips through is a ReferenceError in the worker, which names the variable too.
 */
export function freeVariables(source: string): string[] {
  const tokens = tokenize(source)
  if (tokens === undefined) return []
  const pairs = matchBrackets(tokens)
  if (pairs === undefined) return []
  const classBodies = findClassBodies(tokens, pairs)
  const declared = declarations(tokens, pairs, classBodies)
  const free = new Set<string>()
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== 'name' || isWord(tokens, at) || declared.has(token.text) || free.has(token.text)) continue
    if (isReference(tokens, at, pairs, classBodies)) free.add(token.text)
  }
  return [...free]
}

const reserved = new Set(
  (
    'arguments async await break case catch class const continue debugger default delete do else enum eval export extends false finally for ' +
    'function if implements import in instanceof interface let new null of package private protected public return static super ' +
    'switch this throw true try typeof undefined var void while with yield'
  ).split(' '),
)

/** Whether a name is one of the language's own words here: `get` and `set` are, before an accessor's name. */
function isWord(tokens: Token[], at: number): boolean {
  const { text } = tokens[at]!
  if (text !== 'get' && text !== 'set') return reserved.has(text)
  const after = tokens[at + 1]
  return after !== undefined && (after.kind !== 'mark' || after.text === '[')
}

const opening = new Set(['(', '[', '{', '${'])
const closing = new Set([')', ']', '}', '}$'])

/** For each bracket the place of its partner. */
function matchBrackets(tokens: Token[]): Map<number, number> | undefined {
  const pairs = new Map<number, number>()
  const open: number[] = []
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== 'mark') continue
    if (opening.has(text)) open.push(at)
    else if (closing.has(text)) {
      const partner = open.pop()
      if (partner === undefined) return undefined
      pairs.set(partner, at)
      pairs.set(at, partner)
    }
  }
  return open.length === 0 ? pairs : undefined
}

/** The opening braces of class bodies. */
function findClassBodies(tokens: Token[], pairs: Map<number, number>): Set<number> {
  const bodies = new Set<number>()
  for (let at = 0; at < tokens.length; at++) {
    if (!is(tokens[at], 'class') || is(tokens[at - 1], '.') || is(tokens[at + 1], ':')) continue
    for (let next = at + 1; next < tokens.length; next++) {
      const text = tokens[next]!.text
      if (text === '{') {
        bodies.add(next)
        break
      }
      // An argument list or index inside the extends clause.
      if (text === '(' || text === '[') next = pairs.get(next) ?? next
    }
  }
  return bodies
}

function declarations(tokens: Token[], pairs: Map<number, number>, classBodies: Set<number>): Set<string> {
  const declared = new Set<string>()
  const addAll = (from: number, to: number) => bind(tokens, pairs, from, to, declared)
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1]
    if (token.kind === 'mark') {
      // Parameters: of an arrow function, with and without parentheses, …
      if (token.text === '=>' && tokens[at - 1]?.kind === 'name') declared.add(tokens[at - 1]!.text)
      const close = token.text === '(' ? pairs.get(at) : undefined
      // … of a function or method, whose parentheses a brace follows. (A condition's look alike, as do those of `class A extends f(x) {`.)
      const body =
        close !== undefined && is(tokens[close + 1], '{') && !classBodies.has(close + 1) && !conditional(tokens, at, pairs, classBodies)
      if (close !== undefined && (is(tokens[close + 1], '=>') || body)) addAll(at + 1, close)
      continue
    }
    if (token.kind !== 'name' || is(tokens[at - 1], '.')) continue
    if (token.text === 'const' || token.text === 'let' || token.text === 'var') declarators(tokens, pairs, at + 1, addAll)
    else if (token.text === 'function' || token.text === 'class') {
      const name = is(next, '*') ? tokens[at + 2] : next
      if (name?.kind === 'name' && !(token.text === 'class' && name.text === 'extends')) declared.add(name.text)
    } else if (token.text === 'typeof' && next?.kind === 'name') {
      // A name that is asked about may not be there, and the rest will have been written for that.
      declared.add(next.text)
    } else if (token.text === 'catch' && is(next, '(')) addAll(at + 2, pairs.get(at + 1) ?? at)
  }
  return declared
}

/**
 * The names that parameters or the inside of a pattern declare. Keys are none: `{ key: name }`, `{ [expression]: name }`; and what
 * stands behind `=` is an expression.
 */
function bind(tokens: Token[], pairs: Map<number, number>, from: number, to: number, declared: Set<string>): void {
  for (let at = from; at < to; at++) {
    const { kind, text } = tokens[at]!
    if (kind === 'name') {
      if (!is(tokens[at + 1], ':')) declared.add(text)
    } else if (kind !== 'mark') continue
    else if (opening.has(text)) {
      const close = pairs.get(at)!
      if (!is(tokens[close + 1], ':')) bind(tokens, pairs, at + 1, close, declared)
      at = close
    } else if (text === '=') {
      while (at + 1 < to && !is(tokens[at + 1], ',')) {
        at++
        if (tokens[at]!.kind === 'mark' && opening.has(tokens[at]!.text)) at = pairs.get(at)!
      }
    }
  }
}

const conditionWords = new Set(['if', 'for', 'while', 'switch', 'await'])

/** Whether a parenthesis belongs to a statement; a method may have that name too. (`with` is none: shipped source is strict.) */
function conditional(tokens: Token[], paren: number, pairs: Map<number, number>, classBodies: Set<number>): boolean {
  const before = tokens[paren - 1]
  if (before?.kind !== 'name' || !conditionWords.has(before.text)) return false
  return !is(tokens[paren - 2], '.') && !is(tokens[paren - 2], ',') && !classBodies.has(enclosing(tokens, paren - 1, pairs))
}

/** The names of one declaration: each pattern up to its `=`, and after each comma of the same level the next. */
function declarators(tokens: Token[], pairs: Map<number, number>, start: number, addAll: (from: number, to: number) => void): void {
  let pattern = true
  for (let at = start; at < tokens.length; at++) {
    const { text, kind } = tokens[at]!
    if (kind === 'mark' && opening.has(text)) {
      const close = pairs.get(at)!
      if (pattern) addAll(at + 1, close)
      at = close
    } else if (kind === 'mark' && (text === ';' || closing.has(text))) return
    else if (text === '=' || (kind === 'name' && (text === 'of' || text === 'in'))) pattern = false
    else if (kind === 'mark' && text === ',') pattern = true
    else if (pattern && kind === 'name') {
      addAll(at, at + 1)
      // Nothing but `=`, a comma or a loop's word continues a declarator.
      if (tokens[at + 1]?.newLine && !['=', ',', 'of', 'in'].includes(tokens[at + 1]!.text)) return
    }
  }
}

function isReference(tokens: Token[], at: number, pairs: Map<number, number>, classBodies: Set<number>): boolean {
  const before = tokens[at - 1]
  const after = tokens[at + 1]
  if (before?.kind === 'mark' && (before.text === '.' || before.text === '?.')) return false
  if (before?.kind === 'name' && ['break', 'continue'].includes(before.text)) return false
  // `{ key: …`, `{ a, key: …`
  if (is(after, ':') && (is(before, '{') || is(before, ','))) return false
  if (is(after, ':') && beginsStatement(tokens, at)) return false
  // `key() {`: a method's name, unless it is `extends f() {`
  const body = is(after, '(') ? (pairs.get(at + 1) ?? at) + 1 : -1
  if (is(tokens[body], '{') && !classBodies.has(body)) return false
  return !isField(tokens, at, pairs, classBodies)
}

/** Whether a name with a colon behind it can only be a label: what stands before it ends a statement, or opens one's body. */
function beginsStatement(tokens: Token[], at: number): boolean {
  const before = tokens[at - 1]
  if ([')', '}', ';', 'else', 'do'].some((text) => is(before, text))) return true
  return tokens[at]!.newLine && before?.kind !== 'mark' && !is(before, 'case')
}

/** Whether a name is a field's in a class body: it stands where a member begins. */
function isField(tokens: Token[], at: number, pairs: Map<number, number>, classBodies: Set<number>): boolean {
  const before = tokens[at - 1]
  const begins =
    is(before, '{') ||
    is(before, ';') ||
    is(before, '}') ||
    (before?.kind === 'name' && ['static', 'get', 'set', 'async', 'accessor'].includes(before.text)) ||
    (tokens[at]!.newLine && (before?.kind !== 'mark' || [')', ']', '++', '--'].includes(before.text)))
  return begins && classBodies.has(enclosing(tokens, at, pairs))
}

/** The opening bracket around a token; −1: there is none. */
function enclosing(tokens: Token[], at: number, pairs: Map<number, number>): number {
  for (let outer = at - 1; outer >= 0; outer--) {
    const { kind, text } = tokens[outer]!
    if (kind !== 'mark') continue
    if (closing.has(text)) outer = pairs.get(outer)!
    else if (opening.has(text)) return outer
  }
  return -1
}

function is(token: Token | undefined, text: string): boolean {
  return token?.text === text && (token.kind === 'mark' || token.kind === 'name')
}
