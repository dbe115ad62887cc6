import { certificateFacts } from '../ca/certificate-facts.js'
import { type Issuer, openIssuer } from '../ca/issuer.js'
import type { AuthorityRecord, AuthorityStore, KeyVault, Signer } from '../ca/ports.js'
import { type OurIssuer, pinIssuer } from '../ca/verify-leaf.js'
import { describeName } from '../ca/x509/distinguished-name.js'
import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { toIso, type UnixSeconds } from '../core/time.js'

/** A CA certificate of ours, for showing. */
export interface AuthorityView {
  readonly id: string
  readonly role: AuthorityRecord['role']
  readonly state: AuthorityRecord['state']
  /** For people. */
  readonly subject: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly certificate: CertificateDer
}

interface Usable {
  readonly issuer: Issuer
  readonly signer: Signer
}

/** The CA certificates of this installation and the keys that are here. */
export class Authority {
  /** Our issuers, pinned, for judging certificates that are shown to us. */
  readonly pinned: readonly OurIssuer[]
  readonly all: readonly AuthorityView[]
  private readonly usable: readonly Usable[]

  private constructor(
    all: readonly AuthorityView[],
    pinned: readonly OurIssuer[],
    usable: readonly Usable[],
  ) {
    this.all = all
    this.pinned = pinned
    this.usable = usable
  }

  /** Reads everything again: what was added, retired or sealed since is then in use. */
  static async open(store: AuthorityStore, vault: KeyVault): Promise<Result<Authority>> {
    const records = await store.list()
    const pinned: OurIssuer[] = []
    const usable: Usable[] = []
    for (const record of records.filter(({ role }) => role === 'issuer')) {
      const chain = chainOf(record, records)
      const pin = pinIssuer(record.id, chain)
      if (!pin.ok) return pin
      pinned.push(pin.value)
      const signer = record.keyRef === undefined ? undefined : await vault.open(record.keyRef)
      if (!signer || record.state !== 'active') continue
      const issuer = openIssuer(chain, signer)
      if (!issuer.ok) return issuer
      usable.push({ issuer: issuer.value, signer })
    }
    // The newest first: it is the one that signs.
    usable.sort((a, b) => b.issuer.notBefore - a.issuer.notBefore)
    return ok(new Authority(records.flatMap(viewOf), pinned, usable))
  }

  get trustAnchors(): readonly AuthorityView[] {
    return this.all.filter(({ role, state }) => role === 'trust-anchor' && state === 'active')
  }

  /** Grows whenever a trust anchor comes or goes: records are never deleted. */
  get bundleSequence(): number {
    return this.all
      .filter(({ role }) => role === 'trust-anchor')
      .reduce((sum, { state }) => sum + (state === 'active' ? 1 : 2), 0)
  }

  get issuers(): readonly AuthorityView[] {
    return this.all.filter(({ role }) => role === 'issuer')
  }

  /** The issuer that signs at `now`: never one that, or whose chain, has ended. */
  issuer(now: UnixSeconds): Result<Issuer, Refusal<'ca.no-issuer' | 'ca.expired'>> {
    const [newest] = this.usable
    if (!newest) {
      return refuse('ca.no-issuer', 'there is no issuer whose key is here', {
        next: 'capstan status',
      })
    }
    const valid = this.usable.find(({ issuer }) => issuer.notBefore <= now && now < issuer.notAfter)
    if (valid) return ok(valid.issuer)
    if (now < newest.issuer.notBefore) {
      const from = toIso(newest.issuer.notBefore)
      return refuse('ca.expired', `the issuer is not valid before ${from}: is the clock right?`, {
        wanted: 'an issuer that is valid now',
        found: `the time ${toIso(now)}`,
        next: 'set the clock',
      })
    }
    return refuse('ca.expired', 'the issuer, or a certificate above it, is expired', {
      wanted: 'an issuer that is valid now',
      found: `valid until ${toIso(newest.issuer.notAfter)}`,
      next: 'capstan status',
    })
  }

  /** The use of an issuer's key, for its CRL. */
  crlSigner(
    id: string,
  ): { readonly certificate: CertificateDer; readonly signer: Signer } | undefined {
    const found = this.usable.find(({ issuer }) => issuer.id === id)
    return found && { certificate: found.issuer.certificate, signer: found.signer }
  }
}

/** The issuer's certificate, then upward, trust anchor last. */
export function chainOf(
  record: AuthorityRecord,
  records: readonly AuthorityRecord[],
): readonly CertificateDer[] {
  const byId = new Map(records.map((each) => [each.id, each.certificate]))
  const above = record.parents.map((id) => byId.get(id)).filter((der) => der !== undefined)
  return [record.certificate, ...above]
}

function viewOf({ id, role, state, certificate }: AuthorityRecord): readonly AuthorityView[] {
  const facts = certificateFacts(certificate)
  if (!facts.ok) return []
  const { notBefore, notAfter, subject } = facts.value
  return [{ id, role, state, certificate, notBefore, notAfter, subject: describeName(subject) }]
}
