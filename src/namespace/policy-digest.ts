import { canonicalize } from '../core/canonical-json.js'
import { sha256Hex } from '../core/uid.js'
import type { Entry } from './entry.js'
import type { Scope } from './scope.js'

type Limits = Pick<Scope, 'envelope' | 'guards'>

/** Of scopes as they are: a change makes another object. */
const known = new WeakMap<Limits, string>()

/**
 * Digest, hex, of all that says what the entry may do and who may call it: its own envelope and rules,
 * and the envelopes and guards of every scope above it, the root's first (docs/format-issuance-log.md).
 * Whoever has the bundle of the entry can compute it.
 */
export function policyDigestOf(
  { envelope, rules }: Pick<Entry, 'envelope' | 'rules'>,
  scopes: readonly Limits[],
): string {
  return sha256Hex(canonicalize({ entry: { envelope, rules }, scopes: scopes.map(limitsDigest) }))
}

function limitsDigest(scope: Limits): string {
  const before = known.get(scope)
  if (before !== undefined) return before
  const { envelope, guards = [] } = scope
  const digest = sha256Hex(canonicalize({ envelope, guards }))
  known.set(scope, digest)
  return digest
}
