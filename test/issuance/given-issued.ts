import { planLeaf } from '../../src/ca/plan-leaf.js'
import {
  type OurIssuer,
  pinIssuer,
  type VerifiedLeaf,
  verifyOurs,
} from '../../src/ca/verify-leaf.js'
import type { CertificateDer } from '../../src/core/der.js'
import { hours } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import type { LedgerEntry } from '../../src/issuance/ports.js'
import {
  givenHierarchy,
  newSpki,
  nextSerial,
  type TestHierarchy,
  valueOf,
} from '../ca/given-authorities.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryStore } from '../support/memory-store.js'

export const web = `e${'a'.repeat(31)}` as Uid
export const api = `e${'b'.repeat(31)}` as Uid

/** An issuer, a ledger, and leaves that it holds. */
export class Issued {
  readonly store = new MemoryStore()
  readonly hierarchy: TestHierarchy
  private readonly pin: OurIssuer

  private constructor(hierarchy: TestHierarchy) {
    this.hierarchy = hierarchy
    this.pin = valueOf(pinIssuer(hierarchy.issuer.id, [hierarchy.certificate, hierarchy.anchor]))
  }

  static async open(): Promise<Issued> {
    return new Issued(await givenHierarchy())
  }

  readonly verifyOurs = (certificate: CertificateDer): VerifiedLeaf | undefined =>
    verifyOurs(certificate, [this.pin], 'ignore-expiry')

  get ledger(): MemoryStore['ledger'] {
    return this.store.ledger
  }

  /** A leaf of a day from T0 that is signed, and not recorded. */
  async signed(more: Partial<LedgerEntry> = {}): Promise<LedgerEntry> {
    const { issuer } = this.hierarchy
    const plan = planLeaf({
      serial: nextSerial(),
      spki: newSpki('P-256'),
      names: [{ kind: 'dns', value: 'web.example' }],
      usages: ['clientAuth'],
      identity: '{"alias":"web"}',
      maxTtl: hours(24),
      issuer,
      now: T0,
    })
    return {
      ...{ serial: plan.serial, issuerId: issuer.id, entry: web, alias: 'web', rev: 1 },
      ...{ binding: 'b1', issuedAt: T0, notBefore: plan.notBefore, notAfter: plan.notAfter },
      ...{ certificate: await issuer.signLeaf(plan), evidence: '{}', parentSerial: null },
      ...{ requestId: 'r1', policyDigest: 'ab'.repeat(32), indexSize: 5, ...more },
    }
  }

  async recorded(more: Partial<LedgerEntry> = {}): Promise<LedgerEntry> {
    const entry = await this.signed(more)
    await this.ledger.append(entry, [])
    return entry
  }
}
