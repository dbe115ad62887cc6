import { canonicalize } from '../../core/canonical-json.js'
import type { Alias } from '../../core/alias.js'
import { toIso, unixSeconds } from '../../core/time.js'
import type { ChangeRequest, NamespaceDocument } from '../change-request.js'
import { ceiling } from '../effective-envelope.js'
import type { Entry } from '../entry.js'
import { defaultEntryEnvelope, meet } from '../envelope.js'
import type { IndexState } from '../state.js'
import { planBindings } from './plan-bindings.js'
import { planEnvelope, wantedEnvelope } from './plan-envelope.js'
import { difference, linesOf, type PlannedChange } from './planned-change.js'
import type { Scopes } from '../scope-path.js'

export function planEntries(
  state: IndexState,
  scopes: Scopes,
  { entries = [] }: NamespaceDocument,
): PlannedChange[] {
  return entries.flatMap((wanted): PlannedChange[] => {
    // Rules are planned when all entries are: they name each other.
    const { alias, state: wantedState, rules: _rules, splits: _splits, ...rest } = wanted
    const subject = `entry ${alias}`
    const present = presentEntry(state, alias)
    if (!present) {
      const create = {
        request: { op: 'entry.create' as const, alias, ...rest },
        kind: 'add' as const,
        subject,
      }
      return [
        { ...create, lines: linesOf(rest) },
        ...(wantedState === 'suspended' ? [stateChange(alias, 'suspended')] : []),
      ]
    }
    return [
      ...planDetails(subject, present, wanted),
      ...planBindings(state, subject, present, wanted.bindings ?? []),
      ...planEnvelope(
        subject,
        present,
        wantedEnvelope(
          state,
          meet(defaultEntryEnvelope, ceiling(scopes, present.alias)),
          wanted.envelope,
        ),
      ),
      ...(wantedState !== undefined && wantedState !== present.state
        ? [stateChange(alias, wantedState)]
        : []),
    ]
  })
}

/** The entry that a document means: one that is on its way out makes room for another. */
export function presentEntry(state: IndexState, alias: string): Entry | undefined {
  const found = state.entryByAlias(alias as Alias)
  return found?.state === 'retiring' ? undefined : found
}

function stateChange(alias: string, to: 'active' | 'suspended'): PlannedChange {
  const op = to === 'suspended' ? 'entry.suspend' : 'entry.reactivate'
  return {
    request: { op, alias },
    kind: 'change',
    subject: `entry ${alias}`,
    lines: [`state: ${to}`],
  }
}

type WantedEntry = NonNullable<NamespaceDocument['entries']>[number]

function planDetails(subject: string, present: Entry, wanted: WantedEntry): PlannedChange[] {
  const { alias } = wanted
  const wantedUntil =
    typeof wanted.validUntil === 'string'
      ? unixSeconds(Date.parse(wanted.validUntil) / 1000)
      : wanted.validUntil
  const before = {
    owner: present.owner,
    labels: present.labels,
    ...(present.validUntil !== undefined && { validUntil: toIso(present.validUntil) }),
  }
  const after = {
    owner: wanted.owner,
    labels: wanted.labels ?? {},
    ...(wantedUntil !== undefined && { validUntil: toIso(unixSeconds(wantedUntil)) }),
  }
  const lines = difference(before, after)
  if (lines.length === 0) return []
  const owner = canonicalize(before.owner) === canonicalize(after.owner) ? undefined : after.owner
  const request: ChangeRequest = {
    op: 'entry.update',
    alias,
    ...(owner && { owner }),
    labels: after.labels,
    ...(before.validUntil !== after.validUntil && { validUntil: after.validUntil ?? null }),
  }
  return [{ request, kind: 'change', subject, lines }]
}
