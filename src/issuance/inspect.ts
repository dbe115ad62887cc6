import { certificateFacts } from '../ca/certificate-facts.js'
import type { VerifiedLeaf } from '../ca/verify-leaf.js'
import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, type Result } from '../core/result.js'
import { toIso, type UnixSeconds } from '../core/time.js'
import { type Entry, entryState } from '../namespace/entry.js'
import type { IndexState } from '../namespace/state.js'
import type { IssuanceLedger, LedgerRow } from './ports.js'

/** Everything there is to say about a certificate of anybody's making. */
export interface Inspection {
  readonly names: readonly string[]
  /** Hex. */
  readonly serial: string
  readonly issuedByUs: boolean
  readonly row: LedgerRow | undefined
  /** The ledger holds these very bytes. */
  readonly matchesLedger: boolean
  readonly entry: Entry | undefined
  readonly live: boolean
  /** One sentence. */
  readonly verdict: string
  /** Canonical JSON of the identity extension. */
  readonly identity: string | undefined
}

export interface InspectDeps {
  readonly verifyOurs: (certificate: CertificateDer) => VerifiedLeaf | undefined
  readonly ledger: Pick<IssuanceLedger, 'find'>
  readonly index: { readonly state: IndexState }
}

/** Who is this, which entry, was it allowed, by which evidence, is it live? */
export async function inspectCertificate(
  deps: InspectDeps,
  der: CertificateDer,
  now: UnixSeconds,
): Promise<Result<Inspection, Refusal<'ca.certificate-malformed'>>> {
  const facts = certificateFacts(der)
  if (!facts.ok) return facts
  const { subjectAltNames = [], serial, notBefore, notAfter, identity } = facts.value
  const ours = deps.verifyOurs(der)
  const row = ours && (await deps.ledger.find(ours.serial, ours.notAfter))
  const matchesLedger = row !== undefined && Buffer.compare(row.certificate, der) === 0
  const entry = row && entryOf(deps.index.state, row)
  const inTime = notBefore <= now && now <= notAfter
  const live = matchesLedger && row.revocation === null && inTime
  return ok({
    names: subjectAltNames.map(({ value }) => value),
    serial,
    issuedByUs: ours !== undefined,
    row,
    matchesLedger,
    entry,
    live,
    verdict: verdictOf({ ours, row, matchesLedger, entry, notBefore, notAfter }, now),
    identity,
  })
}

const entryOf = (state: IndexState, row: LedgerRow): Entry | undefined =>
  row.entry === null ? undefined : state.entries.get(row.entry)

interface Findings {
  readonly ours: VerifiedLeaf | undefined
  readonly row: LedgerRow | undefined
  readonly matchesLedger: boolean
  readonly entry: Entry | undefined
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
}

function verdictOf(found: Findings, now: UnixSeconds): string {
  const { ours, row, matchesLedger, entry, notBefore, notAfter } = found
  if (!ours) return 'not issued by this CA'
  if (!row) return 'signed by our issuer, but the ledger does not hold it: take this seriously'
  if (!matchesLedger)
    return 'the ledger holds another certificate of this serial: take this seriously'
  if (row.revocation) return `revoked ${toIso(row.revocation.at)} (${row.revocation.reason})`
  if (now < notBefore) return `allowed, but not valid before ${toIso(notBefore)}`
  if (now > notAfter) return `was allowed; expired ${toIso(notAfter)}`
  if (row.entry === null) return 'live: the certificate of this server itself'
  const state = entry ? entryState(entry, now) : 'gone'
  if (state === 'active') return 'live: issued to an active entry, as the ledger shows'
  return `live until ${toIso(notAfter)}, though its entry is ${state} now: revoke it if that is too long`
}
