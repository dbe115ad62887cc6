import type { Refusal } from '../core/refusal.js'
import { JsonReader } from './json-reader.js'

/** A refusal as the command line shows it: from the server, or from this side of the wire. */
export interface Problem {
  readonly code: string
  /** Which of several things the code stands for. */
  readonly reason?: string
  readonly detail: string
  readonly wanted?: string
  readonly found?: string
  readonly next?: string
  readonly requestId?: string
  readonly status?: number
  /** What `--json` prints: the server's own document, or one of the same shape. */
  readonly document: Readonly<Record<string, unknown>>
}

/** A refused step of a command. `Result` with the wider codes that a server may send. */
export interface Refused {
  readonly ok: false
  readonly problem: Problem
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refused

/** RFC 9457, as the server writes it. */
export function problemOfRefusal(refusal: Refusal): Problem {
  const { code, reason, detail, wanted, found, next } = refusal
  const more = {
    ...(reason === undefined ? {} : { reason }),
    ...(wanted === undefined ? {} : { wanted }),
    ...(found === undefined ? {} : { found }),
    ...(next === undefined ? {} : { next }),
  }
  const document = { type: `urn:capstan:refusal:${code}`, title: code, code, detail, ...more }
  return { code, detail, ...more, document }
}

export const refused = (refusal: Refusal): Refused => ({
  ok: false,
  problem: problemOfRefusal(refusal),
})

/** The command line, or a file it names, cannot be used. */
export function usage(detail: string, more: Omit<Refusal, 'code' | 'detail'> = {}): Refused {
  return refused({ code: 'cli.usage', detail, ...more })
}

/** A problem document from the wire; undefined when it is none. */
export function parseProblem(value: unknown, status: number): Problem | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  const reader = new JsonReader(value, 'the problem document', 'answer')
  const text = (key: string): string | undefined =>
    typeof reader.value[key] === 'string' ? reader.text(key) : undefined
  const code = text('code')
  if (code === undefined) return undefined
  const optional = { wanted: text('wanted'), found: text('found'), next: text('next') }
  const [reason, requestId] = [text('reason'), text('requestId')]
  return {
    code,
    ...(reason === undefined ? {} : { reason }),
    detail: text('detail') ?? text('title') ?? code,
    ...(optional.wanted === undefined ? {} : { wanted: optional.wanted }),
    ...(optional.found === undefined ? {} : { found: optional.found }),
    ...(optional.next === undefined ? {} : { next: optional.next }),
    ...(requestId === undefined ? {} : { requestId }),
    status,
    document: reader.value,
  }
}
