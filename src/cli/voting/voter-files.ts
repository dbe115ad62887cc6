import { canonicalize } from '../../core/canonical-json.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import { isShapedLike } from '../../namespace/change-request.js'
import { type EnrolledRole, isEnrolled } from '../../namespace/enrolment.js'
import type { Proposer } from '../../namespace/group.js'
import { holder } from '../../namespace/group-schema.js'
import { isSignable } from '../../namespace/signable.js'
import type { VoterKey } from '../../namespace/voter-key.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, refused, usage } from '../problem.js'

type Members = Readonly<Record<string, unknown>>

/** A voter or holder as a file has them: with keys that say what they are, and are not proved yet. */
export interface EnrolledFile {
  readonly who: Proposer
  /** What there is beside: weight and status, of a voter. */
  readonly rest: Members
}

function enrolledIn(value: unknown): EnrolledFile | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { id, controller, keys, ...rest } = value as Members
  const who = { id, controller, keys }
  return isShapedLike(holder, who) && isSignable(value).ok
    ? { who: who as Proposer, rest }
    : undefined
}

/** What `capstan voter enrol` printed, whose keys are all proved for this index and role. */
export function enrolledBefore(
  file: JsonReader,
  {
    index,
    role,
    name,
  }: { readonly index: string; readonly role: EnrolledRole; readonly name: string },
): Outcome<EnrolledFile> {
  const found = enrolledIn(file.value)
  if (!found) return usage(`${name} is no voter`, { wanted: 'what capstan voter enrol prints' })
  const { id: voter, controller, keys } = found.who
  const alien = keys.find((key) => !isEnrolled(key, { index, voter, controller, role }))
  if (!alien) return { ok: true, value: found }
  return refused({
    code: 'namespace.group-invalid',
    reason: 'no_pop',
    detail: 'a key of this file is not enrolled for this name in this index',
    wanted: `each key enrolled for ${voter}, ${controller}, to ${verbs[role]}, in ${index}`,
    found: alien.thumbprint,
    next: role === 'voter' ? 'of a holder: --recovery or --emergency too' : 'capstan voter enrol',
  })
}

const verbs: Readonly<Record<EnrolledRole, string>> = {
  voter: 'vote',
  recovery: 'recover',
  emergency: 'use emergency grants',
}

/**
 * Files of one voter are one voter with all their keys: of one name and one controller, and with one
 * weight. A voter whose file is listed twice is nobody's mistake to guess.
 */
export function joinedVoters(
  voters: readonly unknown[],
  now: UnixSeconds,
): Outcome<readonly unknown[]> {
  const joined: unknown[] = []
  for (const value of voters) {
    const voter = enrolledIn(value)
    const sound = voter ? keysOnce(voter.who, now) : undefined
    if (sound?.ok === false) return sound
    const position = joined.findIndex((one) => voter && enrolledIn(one)?.who.id === voter.who.id)
    const before = enrolledIn(joined[position])
    if (!voter || !before) {
      joined.push(value)
      continue
    }
    const both = together(before, voter, now)
    if (!both.ok) return both
    joined[position] = both.value
  }
  return { ok: true, value: joined }
}

function together(a: EnrolledFile, b: EnrolledFile, now: UnixSeconds): Outcome<Members> {
  const { id, controller } = a.who
  if (b.who.controller !== controller) {
    return usage(`two files of ${id} are of two people`, {
      wanted: 'one controller, or another name for one of them',
      found: `${controller}, ${b.who.controller}`,
    })
  }
  if (canonicalize(a.rest) !== canonicalize(b.rest)) {
    return usage(`two files of ${id} say two weights`, {
      wanted: 'one --weight: a voter has it once, however many keys',
      found: `${canonicalize(a.rest)}, ${canonicalize(b.rest)}`,
    })
  }
  const who = { id, controller, keys: [...a.who.keys, ...b.who.keys] }
  const once = keysOnce(who, now)
  return once.ok ? { ok: true, value: { ...who, ...a.rest } } : once
}

/** Each key once, and none that is over. */
export function keysOnce({ id, keys }: Proposer, now: UnixSeconds): Outcome<undefined> {
  const twice = keys.find(({ thumbprint }, at) => keys.findIndex(isKey(thumbprint)) !== at)
  if (twice) {
    return usage(`one key of ${id} is listed twice`, {
      wanted: 'every key once: a second one is another key',
      found: twice.thumbprint,
    })
  }
  const over = keys.find(({ until }) => until !== undefined && until <= now)
  if (over?.until === undefined) return { ok: true, value: undefined }
  return usage(`a key of ${id} is over`, {
    wanted: 'keys that sign now',
    found: `${over.thumbprint}, until ${toIso(over.until)}`,
    next: 'leave it out, or enrol another: capstan voter enrol --add',
  })
}

const isKey =
  (thumbprint: string) =>
  (key: VoterKey): boolean =>
    key.thumbprint === thumbprint
