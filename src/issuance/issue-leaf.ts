import type { AttestedFacts } from '../attestation/facts.js'
import type { Issuer } from '../ca/issuer.js'
import { withinConstraints } from '../ca/name-constraints.js'
import { planLeaf } from '../ca/plan-leaf.js'
import type { Caller } from '../core/caller.js'
import { canonicalize } from '../core/canonical-json.js'
import type { CertificateDer } from '../core/der.js'
import { DependencyError } from '../core/dependency-error.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { serialFromRandom } from '../core/serial.js'
import type { Clock, RandomBytes, Seconds, UnixSeconds } from '../core/time.js'
import { asksOnlyFor } from '../csr/requested-names.js'
import type { VerifiedCsr } from '../csr/verified-csr.js'
import { type Grant, grantFor, type StandingOf } from '../namespace/grant.js'
import type { IndexState } from '../namespace/state.js'
import { answersChallenge } from './challenge.js'
import type { Evidence } from './evidence.js'
import type { InFlight } from './in-flight.js'
import type { ChallengeStore, LedgerEntry, RecordGranted, Spend } from './ports.js'
import { withinGrace } from './renewal.js'

export interface IssueRequest {
  /** DER PKCS#10, untrusted. */
  readonly csr: Uint8Array
  readonly evidence: Evidence
  /** The one name the caller says it is (Linkerd); must be among the granted names. */
  readonly identity?: string
  /** Id of a challenge that the CSR answers. */
  readonly challenge?: string
  /** Asked-for lifetime; the grant's ceiling stands. */
  readonly ttl?: Seconds
  readonly requestId: string
  readonly caller: Caller
}

export interface Issued {
  readonly leaf: CertificateDer
  /** The issuer's certificate first, then upward; without the trust anchor. */
  readonly chain: readonly CertificateDer[]
  readonly record: LedgerEntry
  readonly names: Grant['names']
}

export const stages = ['verify', 'attest', 'grant', 'sign', 'record'] as const
export type Stage = (typeof stages)[number]

export interface IssueDeps {
  readonly csrs: {
    readonly verify: (der: Uint8Array) => Result<VerifiedCsr>
    /** Only what a certificate was issued for. */
    readonly remember: (der: Uint8Array, csr: VerifiedCsr) => void
  }
  readonly attest: (
    request: IssueRequest,
    now: UnixSeconds,
  ) => Promise<Result<{ readonly facts: AttestedFacts; readonly spends: readonly Spend[] }>>
  readonly index: { readonly state: IndexState }
  readonly standingOf: StandingOf
  readonly inFlight: InFlight
  readonly issuer: (now: UnixSeconds) => Result<Issuer, Refusal<'ca.no-issuer' | 'ca.expired'>>
  readonly record: RecordGranted
  readonly challenges: Pick<ChallengeStore, 'find'>
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  /** Called at the end of each stage; measures, decides nothing. */
  readonly stopwatch: () => (stage: Stage) => void
}

/** A grant is decided again when the index changed under it; so often in a row is a fault. */
const MOST_TRIES = 5

/**
 * Evidence and a CSR in, a certificate for a governed entry out. The one path to a workload leaf:
 * an answer that is not `ok` leaves nothing behind, and a certificate that the ledger does not
 * hold has never left this function.
 */
export function issueLeafWith(deps: IssueDeps): (request: IssueRequest) => Promise<Result<Issued>> {
  return async function issueLeaf(request) {
    const lap = deps.stopwatch()

    // Do they hold the key? First, because a bad CSR needs no other server to be refused.
    const csr = deps.csrs.verify(request.csr)
    lap('verify')
    if (!csr.ok) return csr

    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const issued = await issueOnce(deps, request, csr.value, lap)
      if (issued === 'stale') continue
      if (issued.ok) deps.csrs.remember(request.csr, csr.value)
      return issued
    }
    throw new DependencyError('index', 'it changes faster than certificates can be granted')
  }
}

/** All that an index which changes meanwhile bears on: from "who is asking?" to the ledger. */
async function issueOnce(
  deps: IssueDeps,
  request: IssueRequest,
  csr: VerifiedCsr,
  lap: (stage: Stage) => void,
): Promise<Result<Issued> | 'stale'> {
  const { size } = deps.index.state

  // Who is asking? "Could not find out" is thrown, and is never an answer.
  const attested = await deps.attest(request, deps.clock.now())
  lap('attest')
  if (!attested.ok) return attested
  const { facts } = attested.value
  const spends = [...attested.value.spends]
  if (request.challenge !== undefined) {
    const { challenge } = request
    const spend = await answersChallenge(deps.challenges, challenge, csr, deps.clock.now())
    if (!spend.ok) return spend
    spends.push(spend.value)
  }

  // Which one active entry is that, what may it have, and do they ask for nothing else?
  const now = deps.clock.now()
  const granted = await enterGrant(deps, facts, now)
  if (!granted.ok) return granted
  const grant = granted.value
  try {
    const asked = asksFor(request, csr, facts, grant, now)
    lap('grant')
    if (!asked.ok) return asked

    // Write down everything the leaf will say, then use the key; the issuer checks its own output.
    const issuer = deps.issuer(now)
    if (!issuer.ok) return issuer
    const permitted = withinConstraints(issuer.value.dnsConstraints, grant.names)
    if (!permitted.ok) return permitted
    const plan = planLeaf({
      serial: serialFromRandom(deps.random(16)),
      spki: csr.spki,
      subjectUid: grant.entry,
      names: grant.names,
      usages: grant.usages,
      identity: grant.identity,
      maxTtl: grant.maxTtl,
      ...(request.ttl === undefined ? {} : { requestedTtl: request.ttl }),
      issuer: issuer.value,
      now,
    })
    const leaf = await issuer.value.signLeaf(plan)
    lap('sign')

    // Durable first, revealed after; what is single-use is consumed by the same transaction.
    const record: LedgerEntry = {
      serial: plan.serial,
      issuerId: issuer.value.id,
      entry: grant.entry,
      alias: grant.alias,
      rev: grant.rev,
      binding: grant.binding,
      issuedAt: now,
      notBefore: plan.notBefore,
      notAfter: plan.notAfter,
      certificate: leaf,
      evidence: canonicalize(facts),
      parentSerial: facts.kind === 'renewal' ? facts.parentSerial : null,
      requestId: request.requestId,
      policyDigest: grant.policyDigest,
      indexSize: grant.indexSize,
    }
    const recorded = await deps.record(record, spends, size)
    lap('record')
    if (recorded === 'stale' || !recorded.ok) return recorded
    return ok({ leaf, chain: issuer.value.chain, record, names: grant.names })
  } finally {
    deps.inFlight.leave(grant.entry)
  }
}

/** Grants, and marks the entry as being issued to; waits out a change of that entry first. */
async function enterGrant(
  deps: Pick<IssueDeps, 'index' | 'standingOf' | 'inFlight'>,
  facts: AttestedFacts,
  now: UnixSeconds,
): Promise<Result<Grant>> {
  for (;;) {
    const grant = grantFor(deps.index.state, facts, now, deps.standingOf)
    if (!grant.ok) return grant
    const frozen = deps.inFlight.enter(grant.value.entry)
    if (frozen === undefined) return grant
    await frozen
  }
}

/** Less than the grant is fine, more never is. */
function asksFor(
  request: IssueRequest,
  csr: VerifiedCsr,
  facts: AttestedFacts,
  grant: Grant,
  now: UnixSeconds,
): Result<undefined> {
  const { identity } = request
  if (identity !== undefined && !grant.names.some((name) => name.value === identity)) {
    return refuse('grant.other-identity', 'the requested identity is not the one that was proved', {
      wanted: grant.names.map((name) => name.value).join(', '),
      found: identity.slice(0, 300),
    })
  }
  if (!grant.keyAlgorithms.includes(csr.keyAlgorithm)) {
    return refuse('csr.key-not-allowed', 'the entry does not allow this kind of key', {
      wanted: grant.keyAlgorithms.join(', '),
      found: csr.keyAlgorithm,
    })
  }
  if (facts.kind === 'renewal') {
    const timely = withinGrace(facts, grant.graceAfterExpiry, now)
    if (!timely.ok) return timely
  }
  return asksOnlyFor(csr.requested, grant.names)
}
