import type { Refusal } from '../core/refusal.js'
import { refuse } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { isSignedBy, type Opened } from './dsse.js'
import type { Voter } from './group.js'
import type { DeliberationRecord } from './log-record.js'
import type { Closed, Ending, Pending } from './pending.js'
import { isInUse } from './voter-key.js'

/**
 * Did a key sign it that was in use at all these times? What a statement says of its own time is its
 * signer's word alone: the time of the record that holds it is always one of them.
 */
export const signs = (
  { keys }: Pick<Voter, 'keys'>,
  statement: Opened,
  ...times: readonly UnixSeconds[]
): boolean =>
  isSignedBy(
    statement,
    keys.filter((key) => times.every((at) => isInUse(key, at))),
  )

/** The row of a proposal that a record ended. */
export const closed = (
  { id, digest, record, votes }: Pick<Pending, 'id' | 'digest' | 'record' | 'votes'>,
  ending: Ending,
  { seq, ts }: Pick<DeliberationRecord, 'seq' | 'ts'>,
): Closed => ({ kind: 'closed', id, digest, ending, record, ended: seq, at: ts, votes })

export const malformed = (what: string): { ok: false; refusal: Refusal<'namespace.malformed'> } =>
  refuse('namespace.malformed', `this is not ${what}`, {
    wanted: 'a DSSE envelope of one canonical statement',
  })

export const notSigned = (
  what: string,
): { ok: false; refusal: Refusal<'namespace.bad-signature'> } =>
  refuse('namespace.bad-signature', `${what} is not signed by a key of whom it names`, {
    wanted: 'one signature by a key that is in use',
  })
