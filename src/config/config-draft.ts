import { checkSchema } from './check-schema.js'
import type { ConfigProblem } from './config-problem.js'
import { leafKeys, nodeAt } from './config-schema.js'
import { readOverrides } from './environment.js'
import { parseYaml } from './yaml-source.js'

/** Where a value comes from: `capstan.yaml:3`, a variable, `--data`, or `default`. */
export type Origin = string

type Tree = Record<string, unknown>

/** The configuration while it is put together: values, where each came from, what is wrong. */
export class ConfigDraft {
  readonly problems: ConfigProblem[] = []
  readonly origins = new Map<string, Origin>()
  readonly filePath: string | undefined
  private tree: Tree = {}
  private lineOf: (path: readonly string[]) => number = () => 1

  constructor(filePath: string | undefined) {
    this.filePath = filePath
  }

  readFile(text: string): void {
    const file = this.filePath ?? ''
    const parsed = parseYaml(text)
    if (!parsed.ok) {
      for (const { line, what } of parsed.problems) {
        this.problems.push({ place: `${file}:${line}`, key: '', what })
      }
      return
    }
    const { value, lineOf } = parsed.source
    this.lineOf = lineOf
    if (value === null) return
    if (!isTree(value)) {
      const wanted = 'dataDir, keys, server, ...'
      this.problems.push({ place: `${file}:1`, key: '', what: 'not a mapping', wanted })
      return
    }
    this.tree = structuredClone(value)
    for (const { keys } of leafKeys()) {
      if (this.value(keys) === undefined) continue
      this.origins.set(keys.join('.'), `${file}:${lineOf(keys)}`)
    }
  }

  readEnvironment(env: Readonly<Record<string, string | undefined>>): void {
    const { overrides, problems } = readOverrides(env)
    this.problems.push(...problems)
    for (const { variable, keys, value } of overrides) this.place(keys, value, variable)
  }

  check(): void {
    for (const { path, ...rest } of checkSchema(this.tree)) {
      this.problems.push({ place: this.placeOf(path), key: path.join('.'), ...rest })
    }
  }

  addDefaults(): void {
    for (const { keys, node } of leafKeys()) {
      if (node.default !== undefined && this.value(keys) === undefined) {
        this.place(keys, node.default, 'default')
      }
    }
  }

  /** Sets one value. Where only one key may stand, it takes the place of the others. */
  place(keys: readonly string[], value: unknown, origin: Origin): void {
    let section = this.tree
    for (let depth = 1; depth < keys.length; depth += 1) {
      const above = keys.slice(0, depth)
      const key = keys[depth - 1] ?? ''
      const next = section[key] ?? {}
      // Something else stands where a section should: `check` refuses it where it was said.
      if (!isTree(next)) return
      const alone = nodeAt(above)?.maxProperties === 1
      if (alone) this.forget(above)
      section = section[key] = alone ? {} : next
    }
    section[keys.at(-1) ?? ''] = value
    this.origins.set(keys.join('.'), origin)
  }

  value(keys: readonly string[]): unknown {
    let value: unknown = this.tree
    for (const key of keys) {
      if (!isTree(value) || !Object.hasOwn(value, key)) return undefined
      value = value[key]
    }
    return value
  }

  /** Says that a value is not what its key wants, though the schema let it pass. */
  refuse(keys: readonly string[], found: string, wanted = nodeAt(keys)?.wanted): void {
    this.problems.push({
      place: this.placeOf(keys),
      key: keys.join('.'),
      what: 'not accepted',
      ...(wanted === undefined ? {} : { wanted }),
      found,
    })
  }

  private placeOf(path: readonly string[]): string {
    for (let length = path.length; length > 0; length -= 1) {
      const origin = this.origins.get(path.slice(0, length).join('.'))
      // The file may say more exactly where: an item of a list has a line of its own.
      if (origin?.startsWith(`${this.filePath ?? ''}:`) === true) break
      if (origin !== undefined) return origin
    }
    return this.filePath === undefined ? 'environment' : `${this.filePath}:${this.lineOf(path)}`
  }

  private forget(section: readonly string[]): void {
    for (const key of this.origins.keys()) {
      if (key.startsWith(`${section.join('.')}.`)) this.origins.delete(key)
    }
  }
}

function isTree(value: unknown): value is Tree {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
