import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { planLeaf } from '../../src/ca/plan-leaf.js'
import type { LeafPlan, Usage } from '../../src/ca/leaf.js'
import { leafClaims } from '../../src/ca/leaf-claims.js'
import type { SpkiDer } from '../../src/core/der.js'
import { hours, type UnixSeconds, unixSeconds } from '../../src/core/time.js'
import type { Issued as IssuedLeaf } from '../../src/issuance/issue-leaf.js'
import type { LedgerEntry } from '../../src/issuance/ports.js'
import type { ShownCertificate, ShownLogs } from '../../src/monitor/ports.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { leafHash } from '../../src/tlog/hash.js'
import { cosign, signCheckpoint } from '../../src/tlog/sign-note.js'
import { formatSignatureLine } from '../../src/tlog/note.js'
import { stateLine } from '../../src/tlog/state-root.js'
import type { NoteSigner } from '../../src/tlog/ports.js'
import { nextSerial, valueOf } from '../ca/given-authorities.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { type GivenCapstan, signers } from './given-capstan.js'

/** A certificate that the issuer's key signed past the issuing path, and the ledger took. */
export async function forge(
  given: GivenCapstan,
  { record, leaf, names }: IssuedLeaf,
  over: {
    readonly plan?: Partial<Pick<LeafPlan, 'names' | 'identity'>> & { readonly now?: UnixSeconds }
    readonly record?: Partial<LedgerEntry>
  } = {},
): Promise<LedgerEntry> {
  const { issuer } = given.issued.hierarchy
  const { spki, identity = '' } = valueOf(certificateFacts(leaf))
  const { usages } = valueOf(leafClaims(leaf))
  const plan = planLeaf({
    ...{ serial: nextSerial(), spki: spki as SpkiDer, names, identity },
    ...(record.entry !== null && { subjectUid: record.entry }),
    ...{ usages: usages as readonly Usage[], maxTtl: hours(24), issuer },
    now: given.clock.now(),
    ...over.plan,
  })
  const entry: LedgerEntry = {
    ...record,
    ...{ serial: plan.serial, notBefore: plan.notBefore, notAfter: plan.notAfter },
    certificate: await issuer.signLeaf(plan),
    ...over.record,
  }
  valueOf(await given.store.ledger.append(entry, []))
  return entry
}

/** What the key of a log signs of such entries. */
export const noteOf = (
  signer: NoteSigner,
  entries: readonly Uint8Array[],
  state?: Uint8Array,
): Promise<string> =>
  signCheckpoint(
    {
      origin: signer.key.name,
      size: entries.length,
      root: treeRoot(entries.map(leafHash)),
      extensions: state ? [stateLine(state)] : [],
    },
    signer,
  )

/** An index log that its own key has signed, whatever its records are. */
export async function colludingIndex(
  { shown }: GivenCapstan,
  records: readonly StoredRecord[],
  state?: Uint8Array,
): Promise<Partial<ShownLogs>> {
  const note = await noteOf(
    signers.index,
    records.map(({ bytes }) => bytes),
    state,
  )
  return {
    checkpoint: (log) =>
      log === 'index' ? Promise.resolve(Buffer.from(note)) : shown.checkpoint(log),
    records: (from, limit) => Promise.resolve(records.slice(from, from + limit)),
  }
}

/** The same of the issuance log. */
export async function colludingIssuance(
  { shown }: GivenCapstan,
  certificates: readonly ShownCertificate[],
): Promise<Partial<ShownLogs>> {
  const bytes = certificates.map((one) => one.bytes)
  const note = await noteOf(signers.issuance, bytes)
  return {
    checkpoint: (log) =>
      log === 'issuance' ? Promise.resolve(Buffer.from(note)) : shown.checkpoint(log),
    issued: (from, limit) =>
      Promise.resolve({
        certificates: certificates.slice(from, from + limit),
        next: Math.min(from + limit, certificates.length),
      }),
  }
}

/** A note with the signature of a witness under it. */
export async function cosigned(
  note: string,
  witness: NoteSigner,
  at: UnixSeconds = unixSeconds(0),
): Promise<string> {
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1)
  return note + formatSignatureLine(await cosign(text, witness, at))
}
