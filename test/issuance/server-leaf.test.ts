import { beforeEach, describe, expect, it } from '@jest/globals'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import type { TrustDomain } from '../../src/core/names.js'
import { refuse } from '../../src/core/result.js'
import { minutes } from '../../src/core/time.js'
import type { IssuanceLedger } from '../../src/issuance/ports.js'
import { issueServerLeaf, linkerdServerName, serverNames } from '../../src/issuance/server-leaf.js'
import { newSpki, valueOf } from '../ca/given-authorities.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'
import { Issued } from './given-issued.js'

describe('the names of the server', () => {
  it('are those that every Linkerd proxy asks for', () => {
    const region = {
      controlPlaneNamespace: 'linkerd',
      identityTrustDomain: 'cluster.local' as TrustDomain,
    }
    expect(linkerdServerName(region)).toBe(
      'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local',
    )
  })

  it('are host names and addresses', () => {
    expect(serverNames(['ca.example', '192.0.2.1', '::1', '1.example', '1.2.3.4.example'])).toEqual(
      [
        { kind: 'dns', value: 'ca.example' },
        { kind: 'ip', value: '192.0.2.1' },
        { kind: 'ip', value: '::1' },
        { kind: 'dns', value: '1.example' },
        { kind: 'dns', value: '1.2.3.4.example' },
      ],
    )
    expect(serverNames(['x1.2.3.4', '10.20.30.40', '1.2.3'])).toEqual([
      { kind: 'dns', value: 'x1.2.3.4' },
      { kind: 'ip', value: '10.20.30.40' },
      { kind: 'dns', value: '1.2.3' },
    ])
  })

  it("are never a workload's", () => {
    const governed = 'web.shop.serviceaccount.identity.linkerd.cluster.local'
    expect(() => serverNames(['ca.example', governed])).toThrow(RangeError)
  })
})

describe('issueServerLeaf', () => {
  let given: Issued
  beforeEach(async () => {
    given = await Issued.open()
  })
  const issue = (ledger: Pick<IssuanceLedger, 'append'>) =>
    issueServerLeaf(
      { ledger, random: countedRandom() },
      given.hierarchy.issuer,
      { spki: newSpki('P-256'), names: serverNames(['ca.example']), ttl: minutes(10) },
      T0,
    )

  it('makes a certificate for nobody but the server, and records it', async () => {
    const { certificate, ...record } = await issue(given.ledger)
    const facts = valueOf(certificateFacts(certificate))
    expect(facts).toMatchObject({
      ...{ serial: record.serial, extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'], notAfter: T0 + 599 },
      ...{ subjectAltNames: [{ kind: 'dns', value: 'ca.example' }] },
    })
    expect(facts.identity).toBeUndefined()
    expect(Buffer.from(facts.subject).toString('hex')).toBe('3000')
    expect(record).toEqual({
      ...{ serial: record.serial, issuerId: given.hierarchy.issuer.id, entry: null, alias: '' },
      ...{ rev: 0, binding: null, issuedAt: T0, notBefore: T0 - 120, notAfter: T0 + 599 },
      ...{ evidence: '{"kind":"self"}', parentSerial: null, policyDigest: null, indexSize: null },
      requestId: `self-${record.serial.slice(0, 12)}`,
    })
    expect(await given.ledger.find(record.serial)).toMatchObject({ certificate })
  })

  it('shows none that the ledger refused', async () => {
    const append = () => Promise.resolve(refuse('challenge.spent', 'no'))
    await expect(issue({ append })).rejects.toThrow('challenge.spent')
  })
})
