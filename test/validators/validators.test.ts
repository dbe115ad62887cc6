import { beforeAll, describe, expect, it } from '@jest/globals'
import { setTimeout } from 'node:timers/promises'
import { type Case, cases } from './cases.js'
import { gnutls, nss, openssl } from './command-line.js'
import { eachHierarchy } from './each-hierarchy.js'
import type { Chain } from './issued-chains.js'
import { expectedVerdict } from './known-verdicts.js'
import { hierarchyNames } from './matrix.js'
import { node } from './node-handshake.js'
import { go, java, mbedtls, pyca, webpki } from './programs.js'
import { twins } from './twins.js'
import { type Job, type Purpose, TAKES, type Verdict } from './validator.js'

const validators = [openssl, gnutls, nss, go, webpki, java, pyca, mbedtls, node]

const chains = new Map<Case, Chain>()

beforeAll(async () => {
  await eachHierarchy(async (given, name) => {
    for (const one of cases) {
      if (one.hierarchy === name) chains.set(one, await one.make(given))
    }
  })
  // The shortest lifetime is a second.
  await setTimeout(1100)
})

describe.each(validators)('$name', (validator) => {
  const judged = cases.flatMap((given) =>
    given.purposes.flatMap((purpose) => {
      const expected = expectedVerdict(validator.name, given, purpose)
      return expected === undefined ? [] : [{ given, purpose, expected }]
    }),
  )
  const verdicts = new Map<string, Verdict>()
  let failure: unknown
  const key = ({ hierarchy, title }: Case, purpose: Purpose): string =>
    [hierarchy, title, purpose].join()

  async function judgeAll(): Promise<void> {
    const version = await validator.prepare()
    process.stdout.write(`${validator.name}: ${version}\n`)
    const jobs = judged.map(({ given, purpose }): Job => ({ ...chains.get(given)!, purpose }))
    const answers = await validator.judge(jobs)
    judged.forEach(({ given, purpose }, at) => verdicts.set(key(given, purpose), answers[at]!))
  }

  beforeAll(async () => {
    // Said once, and not by each of the hundreds of tests that have no verdict then.
    await judgeAll().catch((error: unknown) => (failure = error))
  })

  it('is here and answers', () => {
    if (failure !== undefined) throw failure as Error
  })

  describe.each(hierarchyNames)('%s', (hierarchy) => {
    const here = judged.filter(({ given }) => given.hierarchy === hierarchy)

    it.each(here)('$expected $given.title as $purpose', ({ given, purpose, expected }) => {
      const verdict = verdicts.get(key(given, purpose))
      if (expected === TAKES) {
        expect(verdict).toBe(TAKES)
        return
      }
      expect(verdict).toMatch(expected === 'either' ? /^(takes$|refuses: .)/ : /^refuses: ./)
      if (given.twin !== undefined) expect(verdict).toMatch(twins[given.twin].because)
    })
  })
})
