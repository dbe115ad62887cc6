import type { Issuer } from '../ca/issuer.js'
import type { SubjectAltName } from '../ca/leaf.js'
import { planLeaf } from '../ca/plan-leaf.js'
import type { SpkiDer } from '../core/der.js'
import { isWorkloadName, type LinkerdRegion } from '../core/names.js'
import type { RandomBytes, Seconds, UnixSeconds } from '../core/time.js'
import { serialFromRandom } from '../core/serial.js'
import type { IssuanceLedger, LedgerEntry } from './ports.js'

/**
 * The name that every Linkerd proxy expects of its identity service:
 * `linkerd-identity.<ns>.serviceaccount.identity.<ns>.<trust domain>`.
 */
export function linkerdServerName(region: LinkerdRegion): string {
  const { controlPlaneNamespace: ns, identityTrustDomain } = region
  return `linkerd-identity.${ns}.serviceaccount.identity.${ns}.${identityTrustDomain}`
}

/** Host names and addresses. Throws for a governed entry's: the configuration refuses those first. */
export function serverNames(configured: readonly string[]): readonly SubjectAltName[] {
  const governed = configured.find(isWorkloadName)
  if (governed !== undefined) throw new RangeError(`${governed} is a workload's name`)
  return configured.map((value) => ({ kind: isAddress(value) ? 'ip' : 'dns', value }))
}

const isAddress = (name: string): boolean => name.includes(':') || /^\d+(\.\d+){3}$/.test(name)

/**
 * A certificate for Capstan's own TLS listeners: serverAuth only, empty subject, no governed
 * identity, and in the ledger like every other.
 */
export async function issueServerLeaf(
  deps: { readonly ledger: Pick<IssuanceLedger, 'append'>; readonly random: RandomBytes },
  issuer: Issuer,
  leaf: {
    readonly spki: SpkiDer
    readonly names: readonly SubjectAltName[]
    readonly ttl: Seconds
  },
  now: UnixSeconds,
): Promise<LedgerEntry> {
  const plan = planLeaf({
    serial: serialFromRandom(deps.random(16)),
    spki: leaf.spki,
    names: leaf.names,
    usages: ['serverAuth'],
    maxTtl: leaf.ttl,
    issuer,
    now,
  })
  const record: LedgerEntry = {
    serial: plan.serial,
    issuerId: issuer.id,
    entry: null,
    alias: '',
    rev: 0,
    binding: null,
    issuedAt: now,
    notBefore: plan.notBefore,
    notAfter: plan.notAfter,
    certificate: await issuer.signLeaf(plan),
    evidence: '{"kind":"self"}',
    parentSerial: null,
    requestId: `self-${plan.serial.slice(0, 12)}`,
    policyDigest: null,
    indexSize: null,
  }
  const recorded = await deps.ledger.append(record, [])
  if (!recorded.ok)
    throw new Error(`the ledger refused the server's own leaf: ${recorded.refusal.code}`)
  return record
}
