import type { CertificateDer } from '../../core/der.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { type Clock, type RandomBytes, toIso } from '../../core/time.js'
import { csrFromText } from '../../csr/csr-from-text.js'
import { createChallenge } from '../../issuance/challenge.js'
import type { Evidence } from '../../issuance/evidence.js'
import type { Issued, IssueRequest } from '../../issuance/issue-leaf.js'
import type { ChallengeStore } from '../../issuance/ports.js'
import { ownCertificate, type RenewalDeps } from '../../issuance/renewal.js'
import type { Capability } from '../../namespace/envelope.js'
import { grantFor } from '../../namespace/grant.js'
import type { IndexState } from '../../namespace/state.js'
import type { IssuedJson } from '../http/shapes.js'
import type { CallContext, Operations } from '../operations.js'
import { issuedJson } from '../views/certificate-views.js'

export interface IssuingDeps extends RenewalDeps {
  readonly issueLeaf: (request: IssueRequest) => Promise<Result<Issued>>
  readonly challenges: ChallengeStore
  readonly index: { readonly state: IndexState }
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  /** Called for every certificate that leaves. */
  readonly issued: (evidence: Evidence['kind']) => void
}

/** Evidence in, certificates out; and whose certificate opens which routes. */
export function issuingOperations(
  deps: IssuingDeps,
): Pick<Operations, 'createChallenge' | 'issue' | 'renew' | 'holderOf'> {
  const { clock } = deps

  async function issueFor(
    evidence: Evidence,
    asked: { readonly csr: string } & Pick<IssueRequest, 'challenge' | 'ttl'>,
    context: CallContext,
  ): Promise<Result<IssuedJson>> {
    context.about({ evidence: evidence.kind })
    const csr = csrFromText(asked.csr)
    if (!csr.ok) return csr
    const issued = await deps.issueLeaf({
      csr: csr.value,
      evidence,
      requestId: context.requestId,
      caller: context,
      ...(asked.challenge !== undefined && { challenge: asked.challenge }),
      ...(asked.ttl !== undefined && { ttl: asked.ttl }),
    })
    if (!issued.ok) return issued
    const { alias, serial } = issued.value.record
    context.about({ alias, serial })
    deps.issued(evidence.kind)
    return ok(issuedJson(issued.value))
  }

  return {
    async createChallenge() {
      const { id, nonce, expiresAt } = await createChallenge(deps, clock.now())
      return ok({ id, nonce, expiresAt: toIso(expiresAt) })
    },

    issue: ({ evidence, ...asked }, context) => issueFor(evidence, asked, context),

    renew: ({ peerCertificate, ...asked }, context) =>
      issueFor({ kind: 'renewal', certificate: peerCertificate }, asked, context),

    async holderOf(certificate: CertificateDer, capability: Capability) {
      const row = await ownCertificate(deps, certificate)
      if (!row.ok) return row
      const { entry, binding, serial, notBefore, notAfter } = row.value
      const now = clock.now()
      if (now < notBefore || now > notAfter) {
        return refuse('renewal.expired', 'the client certificate is not valid now', {
          wanted: 'a certificate within its dates',
          found: `valid until ${toIso(notAfter)}`,
        })
      }
      if (entry === null) return withoutIt(capability, 'a certificate of the server itself')
      const facts = {
        kind: 'renewal',
        entry,
        binding,
        parentSerial: serial,
        parentNotAfter: notAfter,
      } as const
      const grant = grantFor(deps.index.state, facts, now)
      if (!grant.ok) return grant
      const { alias, capabilities } = grant.value
      return capabilities.includes(capability) ? ok({ alias }) : withoutIt(capability, alias, alias)
    },
  }
}

const withoutIt = (capability: Capability, found: string, alias?: string) =>
  refuse('request.forbidden', `this certificate does not open the ${capability} routes`, {
    wanted: `the certificate of an active entry with the ${capability} capability`,
    found,
    ...(alias !== undefined && {
      next: `capstan envelope set ${alias} --capabilities ${nextCapabilities[capability]}`,
    }),
  })

/** Whoever hands in statements reads what they are about. */
const nextCapabilities: Readonly<Record<Capability, string>> = {
  reader: 'reader',
  submitter: 'reader,submitter',
}
