import { type Alias, ROOT } from '../core/alias.js'
import { ok, refuse, type Result } from '../core/result.js'
import { hours, plus, type RandomBytes, seconds, type UnixSeconds } from '../core/time.js'
import { type BrakeView, viewOf } from './brake-view.js'
import type { BrakeRequest } from './change-request.js'
import { responsibleFor } from './decide.js'
import type { DraftLog } from './draft-log.js'
import { open, payloadTypes, seal } from './dsse.js'
import { brakeRecord, brakingOf } from './fold-brake.js'
import { authorIn } from './local-author.js'
import type { VoterSigner } from './ports.js'
import { governedBy, unknown } from './resolve-request.js'
import { isSignable } from './signable.js'
import type { IndexState } from './state.js'
import type { BrakeStatement } from './statements.js'

export { parseBrakeRequest } from './change-request.js'

/** One envelope for each voter of a group. */
const MOST_ENVELOPES = 32

/** Adds a brake that enough voters signed to the draft. */
export function addBrake(
  draft: DraftLog,
  envelopes: readonly Uint8Array[],
  at: UnixSeconds,
): Result<BrakeView> {
  const opened = envelopes.slice(0, MOST_ENVELOPES).map(open)
  const known = opened.filter((one) => one !== undefined)
  if (known.length === 0 || known.length < envelopes.length) {
    return refuse('namespace.bad-canonical', 'this is no signed brake', {
      wanted: 'a DSSE envelope in canonical JSON for each of those who brake',
    })
  }
  const braking = brakingOf(draft.state, known, at)
  if (!braking.ok) return braking
  const record = brakeRecord(draft.state, braking.value, at)
  const added = draft.add(record, envelopes)
  if (!added.ok) return added
  return ok(viewOf(draft.state, braking.value.statement, { seq: record.seq, at, now: at }))
}

interface Signing {
  readonly voter: VoterSigner
  readonly random: RandomBytes
}

/** The brake that is asked for, signed by this installation's own voter. */
export async function signBrake(
  { voter, random }: Signing,
  state: IndexState,
  request: BrakeRequest,
  at: UnixSeconds,
): Promise<Result<readonly Uint8Array[]>> {
  const signable = isSignable(request)
  if (!signable.ok) return signable
  const object = governedBy(state, request.alias)
  if (!object) return unknown('scope or entry', request.alias)
  const subject = { alias: object.alias, uid: object.uid }
  const about = request.voter === undefined ? 'entry.suspend' : 'voter.reinstate'
  const { uid, group } = responsibleFor(state, { op: about, subject })
  const x = Buffer.from(voter.publicKey).toString('base64url')
  const author = authorIn(group, { x, at })
  if (author?.kind !== 'voter') {
    return refuse('namespace.no-vote', 'this installation has no vote here', {
      wanted: `a voter of ${scopeName(state.scopes.get(uid)?.alias)}`,
      next: `capstan brake ${request.alias || '/'} --as VOTER --key FILE`,
    })
  }
  const { rule, voter: target, ttl, reason, ticket } = request
  const statement: BrakeStatement = {
    v: 1,
    index: state.index,
    subject,
    base: { rev: object.rev, head: object.head },
    ...(rule !== undefined && { rule }),
    ...(target !== undefined && { voter: target }),
    scope: { uid, rev: group.rev },
    voters: [author.id],
    ttl: seconds(ttl),
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    created: at,
    expires: plus(at, hours(1)),
    nonce: Buffer.from(random(16)).toString('hex'),
  }
  return ok([(await seal(payloadTypes.brake, statement, voter)).envelope])
}

const scopeName = (alias: Alias = ROOT): string => `the scope ${alias === ROOT ? '/' : alias}`
