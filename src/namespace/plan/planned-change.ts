import { canonicalize } from '../../core/canonical-json.js'
import type { ChangeRequest } from '../change-request.js'

/** One change of a plan, with its difference for people. */
export interface PlannedChange {
  readonly request: ChangeRequest
  readonly kind: 'add' | 'change' | 'remove'
  /** `entry payments/api` */
  readonly subject: string
  readonly lines: readonly string[]
}

/** What something new is, field by field. */
export const linesOf = (value: object): string[] =>
  Object.entries(value).map(([field, item]) => `${field}: ${brief(item)}`)

/** What becomes different, field by field. */
export function difference(before: object, after: object): string[] {
  const [old, fresh] = [Object.entries(before), Object.entries(after)]
  const fields = [...new Set([...old, ...fresh].map(([field]) => field))].sort()
  const [was, is] = [new Map<string, unknown>(old), new Map<string, unknown>(fresh)]
  return fields.flatMap((field) => {
    const [from, to] = [brief(was.get(field)), brief(is.get(field))]
    return from === to ? [] : [`${field}: ${from} -> ${to}`]
  })
}

/** Canonical JSON without its quotation marks: for people. */
export const brief = (value: unknown): string =>
  value === undefined ? 'none' : canonicalize(value).replaceAll('"', '')
