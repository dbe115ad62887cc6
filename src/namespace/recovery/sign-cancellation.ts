import type { Alias } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { hours, plus, type RandomBytes, type UnixSeconds } from '../../core/time.js'
import { payloadTypes, seal } from '../dsse.js'
import type { VoterSigner } from '../ports.js'
import { unknown } from '../resolve-request.js'
import { isSignable } from '../signable.js'
import type { IndexState } from '../state.js'
import { isInUse } from '../voter-key.js'
import { isOpen } from './recovery.js'
import type { CancellationStatement } from './recovery-statements.js'

interface Signing {
  readonly voter: VoterSigner
  readonly random: RandomBytes
}

/** Which recovery is to be stopped, and why. */
export interface CancelRequest {
  readonly alias: Alias
  readonly reason?: string
  readonly ticket?: string
}

/** The no to a recovery that is under way, signed by this installation's own voter. */
export async function signCancellation(
  { voter, random }: Signing,
  state: IndexState,
  request: CancelRequest,
  at: UnixSeconds,
): Promise<Result<readonly Uint8Array[]>> {
  const signable = isSignable(request)
  if (!signable.ok) return signable
  const { alias, reason, ticket } = request
  const scope = alias === '' ? state.root : state.scopeByAlias(alias)
  if (!scope) return unknown('scope', alias)
  const { group, recovery } = scope
  if (!group || !recovery || !isOpen(recovery, at)) {
    return refuse('namespace.closed', 'no recovery of this scope is under way', {
      next: 'capstan recovery show',
    })
  }
  const x = Buffer.from(voter.publicKey).toString('base64url')
  // A braked voter may say no.
  const own = group.voters.find(
    ({ status, keys }) =>
      status === 'active' &&
      keys.some((key) => key.jwk.kty === 'OKP' && key.jwk.x === x && isInUse(key, at)),
  )
  if (!own) {
    return refuse('namespace.no-vote', 'this installation has no vote here', {
      wanted: `a voter of the scope ${alias || '/'}`,
      next: `capstan recovery cancel ${alias || '/'} --as VOTER --key FILE`,
    })
  }
  const statement: CancellationStatement = {
    v: 1,
    index: state.index,
    subject: { alias: scope.alias, uid: scope.uid },
    recovery: recovery.statement,
    from: group.rev,
    voters: [own.id],
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    created: at,
    expires: plus(at, hours(1)),
    nonce: Buffer.from(random(16)).toString('hex'),
  }
  return ok([(await seal(payloadTypes.cancellation, statement, voter)).envelope])
}
