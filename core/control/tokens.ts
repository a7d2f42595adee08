/** A token of JavaScript, as much as finding free variables needs. */
export interface Token {
  readonly kind: 'name' | 'private' | 'number' | 'string' | 'template' | 'regexp' | 'mark'
  readonly text: string
  /** A line break stands before it. */
  readonly newLine: boolean
}

/** Words after which a slash begins a regular expression and not a division. */
const beforeExpression = new Set('return typeof instanceof in of new delete void throw case do else yield await default extends'.split(' '))
const conditionWords = new Set(['if', 'while', 'for', 'with'])
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy
const PRIVATE = /#[\p{ID_Start}$_][\p{ID_Continue}$]*/uy
const NUMBER = /(?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?)n?/iy
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const REGEXP = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const SPACE = /\s+/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y
const MARK = /\.\.\.|=>|\?\.(?!\d)|\?\?=?|\*\*=?|[-+]{2}|&&=?|\|\|=?|>>>=?|<<=?|>>=?|[=!]==?|[-+*/%&|^<>]=?|[{}()[\];,:?.~=!@]/y
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y

/** Splits source into tokens; undefined if it is not understood (the caller then makes no claim about it). */
export function tokenize(source: string): Token[] | undefined {
  const tokens: Token[] = []
  /** Open braces; true for one that stands in a template literal, whose text goes on after it. */
  const braces: boolean[] = []
  /** Open parentheses; true for one after which a statement begins, as a condition's. */
  const parens: boolean[] = []
  let at = 0
  /** Behind the parenthesis of a condition. */
  let afterCondition = false
  let newLine = false
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const text = pattern.exec(source)?.[0]
    if (text === undefined) return undefined
    at += text.length
    return text
  }
  const push = (kind: Token['kind'], text: string) => {
    const last = tokens.at(-1)
    if (kind === 'mark' && text === '(') parens.push(last?.kind === 'name' && conditionWords.has(last.text))
    afterCondition = kind === 'mark' && text === ')' && parens.pop() === true
    tokens.push({ kind, text, newLine })
    newLine = false
  }
  const templatePart = (): boolean => {
    const text = match(TEMPLATE_PART)
    if (text === undefined) return false
    if (text.endsWith('${')) {
      braces.push(true)
      push('mark', '${')
    } else push('template', '`')
    return true
  }
  while (at < source.length) {
    const space = match(SPACE) ?? match(COMMENT)
    if (space !== undefined) {
      newLine ||= space.includes('\n')
      continue
    }
    const next = source[at]
    if (next === '`') {
      at++
      push('mark', '`(')
      if (!templatePart()) return undefined
    } else if (next === '}' && braces.at(-1) === true) {
      at++
      braces.pop()
      push('mark', '}$')
      if (!templatePart()) return undefined
    } else if (next === '/' && tokens.at(-1)?.kind === 'mark' && tokens.at(-1)?.text === '}') {
      // After a block a regular expression, after an object a division: not told apart here.
      return undefined
    } else if (next === '/' && (afterCondition || regexpMayFollow(tokens.at(-1)))) {
      const text = match(REGEXP)
      if (text === undefined) return undefined
      push('regexp', text)
    } else {
      const kinds = [
        ['name', NAME],
        ['private', PRIVATE],
        ['number', NUMBER],
        ['string', STRING],
        ['mark', MARK],
      ] as const
      let found = false
      for (const [kind, pattern] of kinds) {
        const text = match(pattern)
        if (text === undefined || text === '') continue
        push(kind, text)
        if (text === '{') braces.push(false)
        if (text === '}') braces.pop()
        found = true
        break
      }
      if (!found) return undefined
    }
  }
  return braces.length === 0 ? tokens : undefined
}

function regexpMayFollow(last: Token | undefined): boolean {
  if (last === undefined) return true
  if (last.kind === 'name') return beforeExpression.has(last.text)
  if (last.kind === 'mark') return ![')', ']', '++', '--'].includes(last.text)
  return false
}
