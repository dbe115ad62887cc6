import { beforeAll, describe, expect, it } from '@jest/globals'
import { extensionOids } from '../../src/ca/x509/object-identifiers.js'
import type { CertificateDer } from '../../src/core/der.js'
import { oid, sequence } from '../../src/core/der-writer.js'
import { cases } from './cases.js'
import { eachHierarchy } from './each-hierarchy.js'
import type { Chain } from './issued-chains.js'
import { hierarchies, type HierarchyName, hierarchyNames } from './matrix.js'
import { zlint } from './programs.js'
import { type Changes, factsOf, reissued, withExtensions, withoutExtension } from './reissue.js'
import { type Job, refuses, TAKES, type Verdict } from './validator.js'

/** Its own name is a suffix of the public list, which is worth a notice and no more. */
const LOCALHOST = refuses('n_san_iana_pub_suffix_empty (info)')

const leafTitles = cases.filter(({ twin }) => twin === undefined).map(({ title }) => title)

/** What Capstan signs on a hierarchy; what is above was the operator's. */
const madeOn = (name: HierarchyName): readonly string[] => {
  const brought = hierarchies[name]
  return [
    ...new Set(leafTitles),
    'CRL',
    ...(brought === 'none' || brought.kind === 'root' ? ['issuer'] : []),
    ...(brought === 'none' ? ['trust anchor'] : []),
  ]
}

/** Wrong in one thing, so that zlint can be seen to find it. */
const wrong: readonly {
  readonly what: string
  readonly of: 'leaf' | 'issuer'
  readonly change: (certificate: CertificateDer) => Changes
  readonly lint: string
}[] = [
  {
    what: 'a leaf without its authority key identifier',
    of: 'leaf',
    change: (leaf) => ({ extensions: withoutExtension(leaf, extensionOids.authorityKeyId) }),
    lint: 'e_ext_authority_key_identifier_no_key_identifier',
  },
  {
    what: 'a leaf with a serial of 21 octets',
    of: 'leaf',
    change: () => ({ serial: '7f'.repeat(21) }),
    lint: 'e_serial_number_longer_than_20_octets',
  },
  {
    what: 'a leaf without a subject whose names are not critical',
    of: 'leaf',
    change: () => ({ subject: sequence() }),
    lint: 'e_ext_san_not_critical_without_subject',
  },
  {
    what: 'an issuer whose basic constraints are not critical',
    of: 'issuer',
    change: (issuer) => ({
      extensions: withExtensions(issuer, {
        ...factsOf(issuer).extensions.find((one) => one.oid === extensionOids.basicConstraints)!,
        critical: false,
      }),
    }),
    lint: 'e_basic_constraints_not_critical',
  },
  {
    what: 'an issuer with a path length and no key usage',
    of: 'issuer',
    change: (issuer) => ({ extensions: withoutExtension(issuer, extensionOids.keyUsage) }),
    lint: 'e_path_len_constraint_improperly_included',
  },
]
const NO_NUMBER = 'a CRL without a number'

const verdicts = new Map<string, Verdict>()

/** zlint looks at the first certificate, or at the CRL if there is one. */
const lintJob = (chain: Chain, certificate: CertificateDer, crl?: Uint8Array): Job => ({
  ...chain,
  purpose: 'server',
  certificates: [certificate],
  ...(crl && { crl }),
})

beforeAll(async () => {
  process.stdout.write(`zlint: ${await zlint.prepare()}\n`)
  const jobs = new Map<string, Job>()
  await eachHierarchy(async (given, name) => {
    for (const each of cases) {
      if (each.hierarchy !== name || each.twin !== undefined) continue
      const chain = await each.make(given)
      jobs.set(`${name}, ${each.title}`, lintJob(chain, chain.certificates[0]!))
    }
    const chain = await given.issue('SPIFFE', 'P-256')
    const [leaf] = chain.certificates
    const [issuer] = given.authorities
    await given.revoke(chain)
    const crl = await given.crl()
    jobs.set(`${name}, CRL`, lintJob(chain, leaf!, crl))
    jobs.set(`${name}, issuer`, lintJob(chain, issuer!))
    jobs.set(`${name}, trust anchor`, lintJob(chain, chain.trustAnchor))
    if (name !== 'own') return
    for (const { what, of, change } of wrong) {
      const right = of === 'leaf' ? leaf! : issuer!
      const signer = of === 'leaf' ? given.signers.issuer : given.signers.superior
      jobs.set(what, lintJob(chain, await reissued(right, change(right), signer)))
    }
    jobs.set(NO_NUMBER, lintJob(chain, leaf!, withoutNumber(crl)))
  })
  const names = [...jobs.keys()]
  const answers = await zlint.judge([...jobs.values()])
  names.forEach((name, at) => verdicts.set(name, answers[at]!))
})

/** The number passes for another extension, of the same length. */
function withoutNumber(crl: Uint8Array): Uint8Array {
  const octets = Buffer.from(crl)
  const number = oid(extensionOids.crlNumber)
  octets.set(oid('2.5.29.99'), octets.indexOf(number))
  return octets
}

describe.each(hierarchyNames)('zlint on what Capstan signs on %s', (name) => {
  it.each(madeOn(name))('%s: is clean', (what) => {
    const expected = what.startsWith("HTTP server's") ? LOCALHOST : TAKES
    expect(verdicts.get(`${name}, ${what}`)).toBe(expected)
  })
})

describe('zlint finds', () => {
  it.each(wrong)('$what', ({ what, lint }) => {
    expect(verdicts.get(what)).toContain(lint)
  })

  it(NO_NUMBER, () => {
    expect(verdicts.get(NO_NUMBER)).toContain('e_crl_missing_crl_number')
  })
})
