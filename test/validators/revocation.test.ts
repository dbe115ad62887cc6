import { beforeAll, describe, expect, it } from '@jest/globals'
import { days, minus } from '../../src/core/time.js'
import { type Case, cases } from './cases.js'
import { gnutls, openssl } from './command-line.js'
import { eachHierarchy } from './each-hierarchy.js'
import { expectedVerdict } from './known-verdicts.js'
import { type HierarchyName, hierarchyNames } from './matrix.js'
import { go, java, mbedtls, pyca, webpki } from './programs.js'
import { badlySigned } from './reissue.js'
import { type Job, TAKES, type Verdict } from './validator.js'

const validators = [openssl, gnutls, go, webpki, java, pyca, mbedtls]

const OUT_OF_DATE = 'is not on a list that is out of date'

const states = {
  'is not on the list': TAKES,
  'is on the list': /revoked/i,
  'is not on a list that is badly signed': /signature|signed|verif|revocation status|not trusted/i,
  [OUT_OF_DATE]: /expired|revocation status|superseded|out of date|old/i,
} as const
type State = keyof typeof states
const stateNames = Object.keys(states) as State[]

/** Libraries that read lists and verify their signatures, and leave the dates to their callers. */
const blindToDates = ['Go', 'pyca/cryptography']

const goodCase = (hierarchy: HierarchyName): Case =>
  cases.find(
    (each) => each.hierarchy === hierarchy && each.leaf === 'Linkerd' && each.key === 'P-256',
  )!

const jobs = new Map<`${HierarchyName}, ${State}`, Job>()

beforeAll(async () => {
  await eachHierarchy(async (given, name) => {
    const { clock } = given.installation
    const job = async (crl: Uint8Array): Promise<Job> => ({
      ...(await given.issue('Linkerd', 'P-256')),
      purpose: 'server',
      crl,
    })
    const now = clock.now()
    clock.set(minus(now, days(2)))
    const old = await given.crl()
    clock.set(now)
    jobs.set(`${name}, is not on a list that is out of date`, await job(old))

    const revoked = await given.issue('Linkerd', 'P-256')
    await given.revoke(revoked)
    const crl = await given.crl()
    jobs.set(`${name}, is on the list`, { ...revoked, purpose: 'server', crl })
    jobs.set(`${name}, is not on the list`, await job(crl))
    jobs.set(`${name}, is not on a list that is badly signed`, await job(badlySigned(crl)))
  })
})

describe.each(validators)('$name', (validator) => {
  const judged = hierarchyNames.filter(
    // What it does not read at all it cannot find revoked.
    (hierarchy) => expectedVerdict(validator.name, goodCase(hierarchy), 'server') === 'takes',
  )
  const verdicts = new Map<string, Verdict>()

  beforeAll(async () => {
    await validator.prepare()
    const names = judged.flatMap((hierarchy) =>
      stateNames.map((state) => `${hierarchy}, ${state}` as const),
    )
    const answers = await validator.judge(names.map((name) => jobs.get(name)!))
    names.forEach((name, at) => verdicts.set(name, answers[at]!))
  })

  describe.each(judged)('a leaf of %s', (hierarchy) => {
    it.each(stateNames)('%s', (state) => {
      const isUnseen = state === OUT_OF_DATE && blindToDates.includes(validator.name)
      const expected = isUnseen ? TAKES : states[state]
      const verdict = verdicts.get(`${hierarchy}, ${state}`)
      if (expected === TAKES) expect(verdict).toBe(TAKES)
      else expect(verdict).toMatch(new RegExp(`^refuses: .*(${expected.source})`, 'i'))
    })
  })
})
