import { describe, expect, it } from '@jest/globals'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contextConstructed, sequence } from '../../src/core/der-writer.js'
import type { Uid } from '../../src/core/uid.js'
import { impactDigest } from '../../src/namespace/questions/impact.js'
import { standingOfCertificate } from '../../src/verify/certificate-identity.js'
import type { VerifiedEntry } from '../../src/verify/verify-bundle.js'
import { IDENTITY, type IdentityVector, identityVectors } from './identity-vectors.js'
import { type ImpactVector, makeImpactVectors } from './impact-vectors.js'
import { judgedByPython } from './python-judge.js'

const folder = join(import.meta.dirname, '../../docs/format/vectors')
const load = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const impacts = load('impact.json') as readonly ImpactVector[]
const identities = load('identity.json') as readonly IdentityVector[]

describe('an impact', () => {
  it.each(impacts)('$what', ({ impact, digest, refused }) => {
    expect(impactDigest(JSON.parse(impact)) === digest).toBe(refused !== true)
  })

  it('is of the same things as those that are made', async () => {
    const made = await makeImpactVectors()
    const what = (one: ImpactVector) => [one.what, one.refused]
    expect(impacts.map(what)).toEqual(made.map(what))
    for (const { impact, digest, refused } of made) {
      expect(impactDigest(JSON.parse(impact)) === digest).toBe(refused !== true)
    }
  })

  it('has a worked example in docs/format.md that is true', () => {
    const page = readFileSync(join(folder, '../../format.md'), 'utf8')
    const { impact, digest } = impacts.find(({ what }) => what === 'traffic that goes elsewhere')!
    expect([page.includes(impact), page.includes(digest)]).toEqual([true, true])
  })
})

describe('the identity extension', () => {
  it('is what test/interop/write.ts writes', () => {
    expect(identities).toEqual(JSON.parse(JSON.stringify(identityVectors())))
  })

  const { index, uid, policyDigest } = IDENTITY
  it.each(identities)('$what', ({ extensions, identity }) => {
    const listed = sequence(Buffer.from(extensions, 'hex'))
    const certificate = sequence(sequence(contextConstructed(3, listed)))
    const entry = { uid: uid as Uid } as VerifiedEntry['entry']
    const found = standingOfCertificate({ index, entry, policyDigest }, certificate)
    expect(found).toBe(identity ? 'same-policy' : 'no-identity')
  })

  it('has a worked example in docs/format-issuance-log.md that is true', () => {
    const page = readFileSync(join(folder, '../../format-issuance-log.md'), 'utf8')
    expect(page).toContain(identities[0]!.extensions)
  })
})

describe('a reader that shares nothing with Capstan (Python)', () => {
  it('judges every vector as it says', () => {
    const judged = impacts.length + identities.length
    expect(judgedByPython('shown_verify.py', folder)).toEqual({ judged, wrong: [] })
  }, 60_000)

  it('says so when a vector is not what it says', () => {
    const copy = mkdtempSync(join(tmpdir(), 'capstan-shown-'))
    cpSync(folder, copy, { recursive: true })
    const [first, ...more] = identities
    const other = { ...first!, identity: { ...IDENTITY, rev: 4 } }
    writeFileSync(join(copy, 'identity.json'), JSON.stringify([other, ...more]))
    const [impact, ...others] = impacts
    const wrong = { ...impact!, digest: '0'.repeat(64) }
    writeFileSync(join(copy, 'impact.json'), JSON.stringify([wrong, ...others]))
    const found = judgedByPython('shown_verify.py', copy).wrong
    rmSync(copy, { recursive: true })
    expect(found).toEqual([`impact, ${impact!.what}`, `identity, ${first!.what}`])
  }, 60_000)
})
