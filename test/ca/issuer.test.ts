import { beforeAll, describe, expect, it } from '@jest/globals'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { crossSign } from '../../src/ca/hierarchy.js'
import { openIssuer } from '../../src/ca/issuer.js'
import type { LeafPlan } from '../../src/ca/leaf.js'
import { planLeaf } from '../../src/ca/plan-leaf.js'
import type { Signer } from '../../src/ca/ports.js'
import { days, hours, plus } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import {
  givenHierarchy,
  newSigner,
  newSpki,
  nextSerial,
  type TestHierarchy,
  valueOf,
} from './given-authorities.js'

let given: TestHierarchy
beforeAll(async () => {
  given = await givenHierarchy({ issuerLifetime: days(30), anchorLifetime: days(20) })
})

const planned = (): LeafPlan =>
  planLeaf({
    serial: nextSerial(),
    spki: newSpki('P-256'),
    names: [{ kind: 'dns', value: 'a.example' }],
    usages: ['serverAuth'],
    maxTtl: hours(24),
    issuer: given.issuer,
    now: T0,
  })

describe('openIssuer', () => {
  it('knows its chain without the trust anchor, and when the first of them ends', () => {
    const { issuer, certificate, anchor } = given
    expect(issuer.chain).toEqual([certificate])
    expect(issuer.trustAnchor).toEqual(anchor)
    expect(issuer.notAfter).toBe(T0 + 20 * 86_400 - 1)
    const { subjectKeyId } = valueOf(certificateFacts(certificate))
    expect(issuer.id).toBe(Buffer.from(subjectKeyId!).toString('hex').slice(0, 16))
  })

  it('sends the intermediates along', async () => {
    const [old, next] = [await givenHierarchy(), await givenHierarchy()]
    const bridge = await crossSign({
      superior: { certificate: old.anchor, signer: old.anchorSigner },
      certificate: next.anchor,
      serial: nextSerial(),
      now: T0,
    })
    const issuer = valueOf(openIssuer([next.certificate, bridge, old.anchor], next.signer))
    expect(issuer.chain).toEqual([next.certificate, bridge])
    expect(issuer.trustAnchor).toEqual(old.anchor)
  })

  it('refuses a key that is not the one of the certificate', () => {
    const opened = openIssuer([given.certificate, given.anchor], newSigner())
    expect(opened).toMatchObject({ ok: false, refusal: { code: 'ca.key-missing' } })
  })

  it('refuses a chain that does not hold', async () => {
    const other = await givenHierarchy()
    expect(openIssuer([given.certificate, other.anchor], given.signer)).toMatchObject({
      ok: false,
      refusal: { code: 'ca.bad-hierarchy' },
    })
  })
})

describe('signLeaf', () => {
  it('signs with a key that answers later, as an HSM does', async () => {
    const slow: Signer = { ...given.signer, sign: async (bytes) => given.signer.sign(bytes) }
    const issuer = valueOf(openIssuer([given.certificate, given.anchor], slow))
    const plan = planned()
    expect(valueOf(certificateFacts(await issuer.signLeaf(plan))).serial).toBe(plan.serial)
  })

  // Let's Encrypt 2023-06-15: what was signed was not what had been looked at before.
  it("compares its own output with the plan before anybody sees it (Let's Encrypt 2023-06-15)", async () => {
    const outlives = { ...planned(), notAfter: plus(T0, days(31)) }
    await expect(given.issuer.signLeaf(outlives)).rejects.toThrow('not what was planned')
  })

  it('throws until a signature verifies when the key is not what it says', async () => {
    const wrong = newSigner()
    let isBroken = true
    const sign: Signer['sign'] = (bytes) => (isBroken ? wrong : given.signer).sign(bytes)
    const issuer = valueOf(openIssuer([given.certificate, given.anchor], { ...given.signer, sign }))
    await expect(issuer.signLeaf(planned())).rejects.toThrow('does not verify')
    await expect(issuer.signLeaf(planned())).rejects.toThrow('does not verify')
    isBroken = false
    await expect(issuer.signLeaf(planned())).resolves.toBeInstanceOf(Uint8Array)
  })

  it('looks again at a sample of signatures', async () => {
    const wrong = newSigner()
    let signed = 0
    const sign: Signer['sign'] = (bytes) => (signed++ === 256 ? wrong : given.signer).sign(bytes)
    const issuer = valueOf(openIssuer([given.certificate, given.anchor], { ...given.signer, sign }))
    const plan = planned()
    for (let i = 0; i < 256; i++) await issuer.signLeaf(plan)
    await expect(issuer.signLeaf(plan)).rejects.toThrow('does not verify')
  })
})
