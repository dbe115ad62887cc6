import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
} from 'yaml'
import type { Json } from '../core/canonical-json.js'

const MAX_CHARACTERS = 1_048_576

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
  const document = parseDocument(text, {
    version: '1.2',
    lineCounter: lines,
    prettyErrors: false,
    // Not `silent`: that also drops the error about a second document.
    logLevel: 'error',
  })
  const problems = [...document.errors, ...document.warnings].map((problem) => ({
    line: lines.linePos(problem.pos[0]).line,
    what: `not YAML: ${problem.code.toLowerCase().replaceAll('_', ' ')}`,
  }))
  if (problems.length > 0) return { ok: false, problems }
  try {
    const value = document.toJS({ maxAliasCount: 20 }) as Json
    return { ok: true, source: { value, lineOf: (path) => lineAt(document, lines, path) } }
  } catch {
    return {
      ok: false,
      problems: [{ line: 0, what: 'not YAML: a reference that does not resolve' }],
    }
  }
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
