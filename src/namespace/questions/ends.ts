import { type Alias, isUnder } from '../../core/alias.js'
import { plus, seconds, type UnixSeconds } from '../../core/time.js'
import type { Brakeable } from '../brake-mark.js'
import type { EmergencyMark } from '../emergency/emergency.js'
import { type Entry, entryState } from '../entry.js'
import type { Group } from '../group.js'
import { scopePrefix } from '../pending.js'
import type { Scope } from '../scope.js'
import { standingOf } from '../standing.js'
import { type IndexState, placeOf } from '../state.js'
import type { VoterKey } from '../voter-key.js'
import type { Effort } from './effort.js'

/** What ends by the time alone: no record says that it has, and nobody is asked. */
export const endKinds = [
  /** A lifetime: from then on the entry is as if it were suspended. */
  'entry',
  /** The names of a retired entry are free for others. */
  'drain',
  /** It allows nothing any more. */
  'rule',
  /** What was stopped goes on. */
  'brake',
  /** What a grant gave is gone. */
  'emergency',
  /** It signs nothing that counts any more. */
  'key',
  /** Its votes are not there, and nobody can give them any more. */
  'proposal',
] as const
export type EndKind = (typeof endKinds)[number]

/** What a key, a brake or a grant's use is of. */
export const endOwners = [
  ...['entry', 'scope', 'rule', 'voter', 'proposer'],
  ...['recovery-holder', 'emergency-holder'],
] as const

export interface End {
  /** The first second in which it is over. */
  readonly at: UnixSeconds
  readonly kind: EndKind
  /** Of the entry or scope. */
  readonly alias: Alias
  /** Absent where the kind says it. */
  readonly of?: (typeof endOwners)[number]
  /** Of the rule, the voter, the holder, the proposal. */
  readonly id?: string
  /** Of a key: no other of its holder's goes on after it. */
  readonly last?: true
}

export type EndsPart = 'scopes' | 'entries'

export interface AskedEnds {
  /** Scopes, with their keys and what waits for their voters, or entries with their rules. */
  readonly part: EndsPart
  /** At and under this alias. */
  readonly region: Alias
  readonly now: UnixSeconds
  /** Not later than this second. */
  readonly until: UnixSeconds
  /** So many of them, and what else ends of the same scope or entry. */
  readonly limit: number
  /** Where the page before ended. */
  readonly after?: string
}

export interface EndsPage {
  /** Of one scope or entry together, the soonest first. */
  readonly ends: readonly End[]
  readonly next?: string
}

/** What ends within a time. Looks at each scope, or entry, once; a page ends with the effort. */
export function endsIn(state: IndexState, asked: AskedEnds, effort: Effort): Promise<EndsPage> {
  return asked.part === 'scopes' ? ofScopes(state, asked, effort) : ofEntries(state, asked, effort)
}

async function ofScopes(state: IndexState, asked: AskedEnds, effort: Effort): Promise<EndsPage> {
  const { after, limit } = asked
  const ends: End[] = []
  let last = after
  // No uid goes on after another: the next key there can be.
  for (const [uid, scope] of state.scopes.range(after === undefined ? undefined : `${after} `)) {
    if (last !== after && last !== undefined && (ends.length >= limit || effort.isSpent)) {
      return { ends, next: last }
    }
    await effort.breathe()
    effort.spend(1 + (scope.group?.voters.length ?? 0))
    const found = [
      ...(isUnder(scope.alias, asked.region) ? endsOfScope(scope, asked.now) : []),
      ...endsOfWaiting(state, scope, asked, effort),
    ]
    ends.push(...within(found, asked))
    last = uid
  }
  return { ends }
}

async function ofEntries(state: IndexState, asked: AskedEnds, effort: Effort): Promise<EndsPage> {
  const ends: End[] = []
  let last: Entry | undefined
  for (const entry of state.entriesUnder(asked.region, asked.after)) {
    if (last && (ends.length >= asked.limit || effort.isSpent)) {
      return { ends, next: placeOf(last) }
    }
    last = entry
    await effort.breathe()
    effort.spend(1 + entry.rules.length)
    ends.push(...within(endsOfEntry(entry, asked.now), asked))
  }
  return { ends }
}

const within = (ends: readonly End[], { now, until }: AskedEnds): readonly End[] =>
  ends.filter(({ at }) => at > now && at <= until).sort((a, b) => a.at - b.at)

function endsOfEntry(entry: Entry, now: UnixSeconds): readonly End[] {
  const { alias, validUntil, drainUntil, rules } = entry
  const standing = entryState(entry, now)
  if (standing === 'retired') return []
  if (standing === 'retiring') {
    return drainUntil === undefined ? [] : [{ at: drainUntil, kind: 'drain', alias }]
  }
  return [
    ...(validUntil === undefined ? [] : [{ at: validUntil, kind: 'entry', alias } as const]),
    ...marksOf(entry, { alias, of: 'entry' }),
    ...rules.flatMap((rule): readonly End[] => [
      // What came by a grant ends with its use.
      ...(rule.until === undefined || rule.emergency
        ? []
        : [{ at: rule.until, kind: 'rule', alias, id: rule.id } as const]),
      ...marksOf(rule, { alias, of: 'rule', id: rule.id }),
    ]),
  ]
}

function endsOfScope({ alias, state, brake, group }: Scope, now: UnixSeconds): readonly End[] {
  // What is retired keeps both, and nothing comes of them.
  if (state === 'retired') return []
  return [
    ...marksOf({ brake }, { alias, of: 'scope' }),
    ...(group ? endsOfGroup(group, alias, now) : []),
  ]
}

function endsOfGroup(group: Group, alias: Alias, now: UnixSeconds): readonly End[] {
  const { voters, proposers = [], recovery, emergency } = group
  const people = [
    ['voter', voters],
    ['proposer', proposers],
    ['recovery-holder', recovery?.holders ?? []],
    ['emergency-holder', emergency?.holders ?? []],
  ] as const
  return [
    ...voters.flatMap((voter) => marksOf(voter, { alias, of: 'voter', id: voter.id })),
    ...people.flatMap(([of, all]) =>
      all.flatMap(({ id, keys }) => endsOfKeys(keys, now, { alias, of, id })),
    ),
  ]
}

/** Of one person. */
function endsOfKeys(
  keys: readonly VoterKey[],
  now: UnixSeconds,
  whose: Pick<End, 'alias' | 'of' | 'id'>,
): readonly End[] {
  const end = keysEnd(keys, now)
  return keys.flatMap(({ until }) =>
    until === undefined
      ? []
      : [{ at: until, kind: 'key', ...whose, ...(until === end && { last: true as const }) }],
  )
}

/**
 * The first second in which none of these keys signs anything that counts; undefined where one has no
 * end. `now` itself where none does already.
 */
export function keysEnd(keys: readonly VoterKey[], now: UnixSeconds): UnixSeconds | undefined {
  let end = now
  // A key that is only good from a later second on is somebody's key all the same.
  for (const { from, until } of keys) {
    if (until === undefined) return undefined
    if (until > from && until > end) end = until
  }
  return end
}

function marksOf(
  { brake, emergency }: Brakeable & { readonly emergency?: EmergencyMark | undefined },
  whose: Pick<End, 'alias' | 'of' | 'id'>,
): readonly End[] {
  return [
    ...(brake ? [{ at: brake.until, kind: 'brake', ...whose } as const] : []),
    ...(emergency ? [{ at: emergency.until, kind: 'emergency', ...whose } as const] : []),
  ]
}

function endsOfWaiting(
  state: IndexState,
  { uid }: Scope,
  { region, now }: AskedEnds,
  effort: Effort,
): readonly End[] {
  const prefix = scopePrefix(uid)
  const ends: End[] = []
  for (const [key] of state.tables.waiting.range(prefix, `${prefix}~`)) {
    effort.spend()
    const row = state.tables.proposals.get(key.slice(prefix.length))
    if (row?.kind !== 'pending' || standingOf(state, row, now) !== 'open') continue
    const { alias } = row.proposal.subject
    if (!isUnder(alias, region)) continue
    // It may still be voted about in the second itself.
    const at = plus(row.proposal.expires, seconds(1))
    ends.push({ at, kind: 'proposal', alias, id: row.id })
  }
  return ends
}
