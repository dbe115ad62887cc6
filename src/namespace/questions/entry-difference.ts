import type { Alias } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import { brakedAbove, effectiveEnvelope, suspendedAbove } from '../effective-envelope.js'
import { type Entry, entryState } from '../entry.js'
import { type Envelope, type EnvelopeField, exceeds } from '../envelope.js'
import { projectedNames } from '../state.js'
import type { Member, Moment, TwoStates } from './two-states.js'

/** What an entry has in one of two states and not in the other, beside what it may call. */
export interface EntryDifference {
  /** As it is after; as it was, where it is not there after. */
  readonly alias: Alias
  /** Under what alias it was, where that was another. */
  readonly was?: Alias
  /** May certificates be issued to it? */
  readonly certificates: 'gained' | 'lost' | 'kept' | 'none'
  /** Names that its certificates may carry. */
  readonly names: { readonly gained: readonly string[]; readonly lost: readonly string[] }
  /** Fields of its effective envelope that hold more, or less. */
  readonly wider: readonly EnvelopeField[]
  readonly narrower: readonly EnvelopeField[]
}

/** Undefined where it has the same in both. */
export function entryDifference(
  { before, after }: TwoStates,
  { before: was, after: is }: Pick<Member, 'before' | 'after'>,
): EntryDifference | undefined {
  const alias = is?.alias ?? was?.alias
  if (alias === undefined) return undefined
  const [had, has] = [namesOf(before, was), namesOf(after, is)]
  const names = {
    gained: has.filter((name) => !had.includes(name)),
    lost: had.filter((name) => !has.includes(name)),
  }
  const certificates = changeOf(had.length > 0, has.length > 0)
  const both = certificates === 'kept' && was && is
  const [old, now] = both
    ? [effectiveEnvelope(before.state, was), effectiveEnvelope(after.state, is)]
    : [{}, {}]
  const different: EntryDifference = {
    alias,
    ...(was && was.alias !== alias && { was: was.alias }),
    certificates,
    names,
    wider: fieldsBeyond(now, old),
    narrower: fieldsBeyond(old, now),
  }
  const { wider, narrower } = different
  const isSame =
    (certificates === 'kept' || certificates === 'none') &&
    [names.gained, names.lost, wider, narrower].every(({ length }) => length === 0)
  return isSame ? undefined : different
}

function changeOf(had: boolean, has: boolean): EntryDifference['certificates'] {
  if (had === has) return has ? 'kept' : 'none'
  return has ? 'gained' : 'lost'
}

/** The names that it is certified under; none while no certificate is issued to it. */
function namesOf({ state, at }: Moment, entry: Entry | undefined): readonly string[] {
  if (!entry || entryState(entry, at) !== 'active') return []
  if (brakedAbove(state, entry.alias, at)) return []
  return suspendedAbove(state, entry.alias) ? [] : projectedNames(state, entry)
}

function fieldsBeyond(one: Envelope, other: Envelope): readonly EnvelopeField[] {
  if (canonicalize(one) === canonicalize(other)) return []
  const fields = Object.keys(one) as EnvelopeField[]
  return fields.sort().filter((field) => exceeds({ [field]: one[field] }, other) !== undefined)
}
