import { canonicalize } from '../../core/canonical-json.js'
import { ok, type Result } from '../../core/result.js'
import { sha256Hex } from '../../core/uid.js'
import { type LookAlike, lookAlikesOf, NAMES } from '../alike/look-alikes.js'
import type { ChangeClass } from '../group.js'
import { decideParts } from '../parts.js'
import type { Pending } from '../pending.js'
import type { IndexState } from '../state.js'
import { type Difference, differenceOf } from './difference.js'
import type { Effort } from './effort.js'
import { namedAnew, type ObjectDifference, objectsDifference } from './objects.js'

/**
 * What a proposal would do if it took effect on the index as it is. Canonical JSON: its digest is what
 * a vote names, so that nobody is shown one thing and signs another.
 */
export interface Impact extends Difference {
  readonly v: 1
  /** Digest of the proposal, hex. */
  readonly proposal: string
  readonly class: ChangeClass
  readonly objects: readonly ObjectDifference[]
  /** New names that resemble one beside them; absent where there is none. */
  readonly lookAlikes?: readonly LookAlike[]
}

/**
 * The same for everybody who looks at the same index: the time is that of the proposal's opening.
 * Refused as the change itself would be.
 */
export async function impactOf(
  state: IndexState,
  { proposal, digest, opened }: Pick<Pending, 'proposal' | 'digest' | 'opened'>,
  effort: Effort,
): Promise<Result<Impact>> {
  const decided = decideParts(state, proposal, digest, { at: opened, issuedUntil: () => null })
  if (!decided.ok) return decided
  const { parts, changeClass, after } = decided.value
  const uids = parts.map(({ effect }) => effect.put.uid)
  const { objects, touched } = objectsDifference(state, after, uids)
  const states = { before: { state, at: opened }, after: { state: after, at: opened } }
  const difference = await differenceOf(states, touched, effort)
  const alike = await lookAlikesOf(after, namedAnew(state, after, uids), effort.apart(NAMES))
  return ok({
    v: 1,
    proposal: digest,
    class: changeClass,
    objects,
    ...difference,
    complete: difference.complete && alike.complete,
    ...(alike.found.length > 0 && { lookAlikes: alike.found }),
  })
}

/** SHA-256 of the impact in canonical JSON, hex. */
export const impactDigest = (impact: unknown): string => sha256Hex(canonicalize(impact))
