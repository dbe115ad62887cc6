import { Instrumenter } from '@stryker-mutator/instrumenter'
import { messageTexts } from './messages.js'
import type { Source } from './source.js'

/** One change of one place of the source. */
export interface Mutant {
  /** Its number in the mutated copy. */
  readonly id: string
  /** From the root of the tree. */
  readonly file: string
  readonly line: number
  /** What kind of change, in Stryker's words. */
  readonly kind: string
  readonly original: string
  readonly replacement: string
  /** Survives a change of other lines: file, change, and which of several alike. */
  readonly key: string
}

export interface Mutated {
  readonly mutants: readonly Mutant[]
  /** Mutants of texts for people: never tried. */
  readonly texts: number
  /** TypeScript with every mutant in it; which one is active is asked at run time. */
  readonly content: ReadonlyMap<string, string>
}

type Logger = ConstructorParameters<typeof Instrumenter>[0]

const isEnabled = (): boolean => false
const log = (): void => undefined
const silent: Logger = {
  ...{ isTraceEnabled: isEnabled, isDebugEnabled: isEnabled, isInfoEnabled: isEnabled },
  ...{ isWarnEnabled: isEnabled, isErrorEnabled: isEnabled, isFatalEnabled: isEnabled },
  ...{ trace: log, debug: log, info: log, warn: log, error: log, fatal: log },
}

/** Stryker's mutants of these files, all of them in one text each. */
export async function mutate(sources: readonly Source[]): Promise<Mutated> {
  const instrumented = await new Instrumenter(silent).instrument(
    sources.map(({ file, content }) => ({ name: file, content, mutate: true })),
    { plugins: null, excludedMutations: [], ignorers: [] },
  )
  const content = new Map(instrumented.files.map(({ name, content: text }) => [name, text]))
  const seen = new Map<string, number>()
  const all = instrumented.mutants.map((mutant) => {
    const { id, fileName: file, mutatorName: kind, replacement, location } = mutant
    const text = sources.find((source) => source.file === file)?.content ?? ''
    const [from, to] = [offsetOf(text, location.start), offsetOf(text, location.end)]
    const original = text.slice(from, to)
    const change = `${file}|${kind}|${original}|${replacement}`
    const nth = seen.get(change) ?? 0
    seen.set(change, nth + 1)
    const line = location.start.line + 1
    return { id, file, line, kind, original, replacement, key: `${change}|${nth}`, from }
  })
  const isText = messageTexts(sources)
  const mutants = all.filter(({ file, kind, from }) => !isText(file, kind, from))
  return { mutants, texts: all.length - mutants.length, content }
}

function offsetOf(text: string, at: { readonly line: number; readonly column: number }): number {
  let offset = 0
  for (let line = 0; line < at.line; line += 1) offset = text.indexOf('\n', offset) + 1
  return offset + at.column
}
