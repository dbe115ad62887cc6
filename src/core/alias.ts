import type { Brand } from './brand.js'
import type { Refusal } from './refusal.js'
import { ok, refuse, type Result } from './result.js'

/**
 * The name people use for an entry, scope or cluster: 1 to 8 DNS-1123 labels joined by `/`, at most
 * 200 characters, ASCII. The root scope's alias is the empty string.
 */
export type Alias = Brand<string, 'Alias'>

export const ROOT = '' as Alias

const MAX_DEPTH = 8
const MAX_LENGTH = 200
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** What `parseAlias` accepts but for the length, as a pattern of JSON Schema. */
export const aliasPattern = (): string => `^${aliasExpression()}$`

/** The same, or nothing at all: the root. */
export const regionPattern = (): string => `^(?:${aliasExpression()})?$`

function aliasExpression(): string {
  const segment = LABEL.source.slice(1, -1)
  const reserved = [...RESERVED].join('|')
  return `(?!(?:.*/)?(?:${reserved})(?:/|$))${segment}(?:/${segment}){0,${MAX_DEPTH - 1}}`
}

/** Labels that projections give a meaning of their own; an alias that held one could imitate it. */
const RESERVED = new Set(['ns', 'sa', 'spire', 'entry', 'serviceaccount', 'identity', 'svc'])

export type AliasRefusal = Refusal<
  | 'namespace.bad-alias'
  | 'namespace.reserved-name'
  | 'namespace.too-deep'
  | 'namespace.name-too-long'
>

export const isDnsLabel = (text: string): boolean => LABEL.test(text)

export function parseAlias(text: string): Result<Alias, AliasRefusal> {
  if (text.length > MAX_LENGTH) {
    return refuse('namespace.name-too-long', 'an alias has at most 200 characters', {
      wanted: 'at most 200 characters',
      found: `${text.length} characters`,
    })
  }
  const segments = text.split('/')
  if (segments.length > MAX_DEPTH) {
    return refuse('namespace.too-deep', 'an alias has at most 8 segments', {
      wanted: 'at most 8 segments',
      found: `${segments.length} segments`,
    })
  }
  if (!segments.every(isDnsLabel)) {
    return refuse('namespace.bad-alias', 'not an alias', {
      wanted: 'segments of a-z, 0-9 and "-" (63 at most, no "-" at either end), joined by "/"',
      found: JSON.stringify(text.slice(0, 80)),
      next: 'for example: payments/checkout/api',
    })
  }
  const reserved = segments.find((segment) => RESERVED.has(segment))
  if (reserved !== undefined) {
    return refuse('namespace.reserved-name', `"${reserved}" is a reserved segment`, {
      wanted: `segments other than ${[...RESERVED].join(', ')}`,
      found: text,
    })
  }
  return ok(text as Alias)
}

export const segmentsOf = (alias: Alias): string[] => (alias === ROOT ? [] : alias.split('/'))

/** Is `alias` the region's root or inside it? Every alias is under the root `''`. */
export function isUnder(alias: Alias, region: Alias): boolean {
  if (region === ROOT || alias === region) return true
  return alias.charCodeAt(region.length) === 0x2f && alias.startsWith(region)
}

/** The alias one level up; the root for a first-level alias. */
export function parentAlias(alias: Alias): Alias {
  const cut = alias.lastIndexOf('/')
  return (cut === -1 ? ROOT : alias.slice(0, cut)) as Alias
}
