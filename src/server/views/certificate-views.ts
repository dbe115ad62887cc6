import type { Json } from '../../core/canonical-json.js'
import { renderPem } from '../../core/pem.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import { sha256Hex } from '../../core/uid.js'
import type { AuthorityView } from '../../issuance/authority.js'
import type { Inspection } from '../../issuance/inspect.js'
import type { Issued } from '../../issuance/issue-leaf.js'
import type { JoinToken, LedgerRow } from '../../issuance/ports.js'
import { entryState } from '../../namespace/entry.js'
import type {
  CertificateJson,
  CertificateWithPemJson,
  InspectionJson,
} from '../http/certificate-shapes.js'
import type { IssuedJson, TokenJson, TrustAnchorJson } from '../http/shapes.js'

type JsonObject = Readonly<Record<string, Json>>

export const pemOf = (der: Uint8Array): string => renderPem('CERTIFICATE', der)

export function issuedJson({ leaf, chain, record, names }: Issued): IssuedJson {
  return {
    serial: record.serial,
    alias: record.alias,
    uid: record.entry ?? '',
    names: names.map(({ value }) => value),
    notBefore: toIso(record.notBefore),
    notAfter: toIso(record.notAfter),
    issuer: record.issuerId,
    certificate: pemOf(leaf),
    chain: chain.map(pemOf),
    requestId: record.requestId,
  }
}

export function certificateJson(row: LedgerRow, now: UnixSeconds): CertificateJson {
  return {
    serial: row.serial,
    alias: row.alias,
    uid: row.entry,
    issuer: row.issuerId,
    notBefore: toIso(row.notBefore),
    notAfter: toIso(row.notAfter),
    issuedAt: toIso(row.issuedAt),
    live: row.revocation === null && row.notBefore <= now && now <= row.notAfter,
    ...(row.revocation && {
      revocation: { at: toIso(row.revocation.at), reason: row.revocation.reason },
    }),
    evidence: factsOf(row.evidence),
    requestId: row.requestId,
    ...(row.parentSerial !== null && { parentSerial: row.parentSerial }),
    sha256: sha256Hex(row.certificate),
  }
}

export const certificateWithPemJson = (
  row: LedgerRow,
  now: UnixSeconds,
): CertificateWithPemJson => ({
  ...certificateJson(row, now),
  pem: pemOf(row.certificate),
})

export function inspectionJson(found: Inspection, now: UnixSeconds): InspectionJson {
  const { row, entry } = found
  return {
    names: found.names,
    serial: found.serial,
    issuedByUs: found.issuedByUs,
    inLedger: row !== undefined,
    matchesLedger: found.matchesLedger,
    revoked: row !== undefined && row.revocation !== null,
    entry: entry ? { uid: entry.uid, alias: entry.alias, stateNow: entryState(entry, now) } : null,
    evidence: row ? factsOf(row.evidence) : null,
    binding: row?.binding ?? null,
    live: found.live,
    verdict: found.verdict,
    ...(found.issuedByUs && found.identity !== undefined && { identity: factsOf(found.identity) }),
  }
}

export const trustAnchorJson = (anchor: AuthorityView): TrustAnchorJson => ({
  id: anchor.id,
  subject: anchor.subject,
  notAfter: toIso(anchor.notAfter),
  sha256: sha256Hex(anchor.certificate),
  pem: pemOf(anchor.certificate),
})

export const tokenJson = (token: JoinToken, alias: string): TokenJson => ({
  id: token.id,
  alias,
  createdAt: toIso(token.createdAt),
  expiresAt: toIso(token.expiresAt),
  usedAt: token.usedAt === null ? null : toIso(token.usedAt),
})

/** Canonical JSON of our own writing. */
const factsOf = (canonical: string): JsonObject => JSON.parse(canonical) as JsonObject
