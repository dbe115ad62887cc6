import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  YAMLParseError,
} from 'yaml'
import type { Json } from '../core/canonical-json.js'
import { MAX_DEPTH, NoValue, valueOf } from './yaml-values.js'

const MAX_CHARACTERS = 1_048_576

/** `%YAML`, and a `%TAG` or two. */
const MAX_DIRECTIVES = 16

/** More of them help nobody, and a text can have as many as it has characters. */
const MAX_PROBLEMS = 20

export interface YamlProblem {
  /** From 1; 0 when the whole text is meant. */
  readonly line: number
  readonly what: string
}

/** A YAML 1.2 text as data that remembers its lines. */
export interface YamlSource {
  readonly value: Json
  /** Line of the key (or list item) at this path, or of the nearest one above it that exists. */
  readonly lineOf: (path: readonly (string | number)[]) => number
}

export type ParsedYaml =
  | { readonly ok: true; readonly source: YamlSource }
  | { readonly ok: false; readonly problems: readonly YamlProblem[] }

/**
 * Reads one YAML (or JSON) document. Duplicate keys, unknown tags and a second document are
 * problems. What is wrong is named by its kind and line: the text itself is never quoted, since it
 * may hold a secret in the wrong place.
 */
export function parseYaml(text: string): ParsedYaml {
  if (text.length > MAX_CHARACTERS) {
    return { ok: false, problems: [{ line: 0, what: 'larger than 1 MiB' }] }
  }
  const lines = new LineCounter()
  try {
    const document = withoutStacks(() => documentOf(text, lines))
    const problems = [...document.errors, ...document.warnings].map(({ pos, code }) => ({
      line: lines.linePos(pos[0]).line,
      what: `not YAML: ${code.toLowerCase().replaceAll('_', ' ')}`,
    }))
    if (problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) }
    const value = valueOf(document.contents)
    return { ok: true, source: { value, lineOf: (path) => lineAt(document, lines, path) } }
  } catch (error) {
    if (!(error instanceof NoValue)) throw error
    const { line } = lines.linePos(error.offset)
    return { ok: false, problems: [{ line, what: `not YAML: ${error.what}` }] }
  }
}

/** A text can have an error for every other character: their stacks, for nobody, are three quarters of its cost. */
function withoutStacks<T>(run: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

const EVEN_IF_EMPTY = true

/** The first document of the text, with an error when there is a second. */
function documentOf(text: string, lines: LineCounter): Document.Parsed {
  const composer = new Composer({
    version: '1.2',
    // Compares each key with all before it; `valueOf` does that once for each.
    uniqueKeys: false,
  })
  const tokens = shallowTokens(text, lines)
  const [document, second] = composer.compose(tokens, EVEN_IF_EMPTY, text.length)
  if (!document) throw new Error('the YAML composer made no document')
  if (second) {
    document.errors.push(
      new YAMLParseError([second.range[0], second.range[1]], 'MULTIPLE_DOCS', ''),
    )
  }
  return document
}

/**
 * What stands in the text. What nests deep ends here: the composer calls itself for each level, and
 * so does the one who reads its answer.
 */
function* shallowTokens(text: string, lines: LineCounter): Generator<CST.Token> {
  lines.addNewLine(0)
  const parser = new Parser(lines.addNewLine)
  let errors = 0
  let directives = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      yield token
      if (token.type === 'error') errors += 1
      // Enough has been said of a text that is refused in any case.
      if (errors === MAX_PROBLEMS) return
      if (token.type === 'directive') directives += 1
      if (directives > MAX_DIRECTIVES) throw new NoValue('too many directives', parser.offset)
    }
    if (parser.stack.length > MAX_DEPTH) throw new NoValue('nested too deep', parser.offset)
  }
  yield* parser.end()
}

function lineAt(
  document: Document,
  lines: LineCounter,
  path: readonly (string | number)[],
): number {
  let line = 1
  let node: unknown = document.contents
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    let place: unknown
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      place = pair?.key
      node = pair?.value
    } else if (isSeq(node)) {
      place = node.items[Number(step)]
      node = place
    }
    if (!isNode(place) || !place.range) return line
    line = lines.linePos(place.range[0]).line
  }
  return line
}
