import { beforeAll, describe, expect, it } from '@jest/globals'
import { days, toIso, unixSeconds, type UnixSeconds } from '../../src/core/time.js'
import { allowedThen } from '../../src/namespace/allowed-then.js'
import { issuanceRecordOf, parseIssuanceRecord } from '../../src/namespace/issuance-record.js'
import { type IssuedThen, no } from '../../src/namespace/not-allowed.js'
import { csr } from '../csr/make-csr.js'
import { GivenCapstan } from '../monitor/given-capstan.js'
import { owner, valueOf } from './given-index.js'

let given: GivenCapstan
let record: IssuedThen['record']
let end: UnixSeconds

beforeAll(async () => {
  given = await GivenCapstan.founded()
  end = unixSeconds(given.clock.now() + days(9))
  await given.did({ op: 'entry.create', alias: 'shop/brief', owner, validUntil: toIso(end) })
  const entry = given.index.state.entryByAlias('shop/brief' as never)!.uid
  const issued = await given.mustIssue({ kind: 'join-token', entry, tokenId: 't1' }, { csr: csr() })
  record = valueOf(parseIssuanceRecord(issuanceRecordOf(issued.record)))
})

const judged = (over: Partial<IssuedThen['record']>) =>
  allowedThen(given.index.state, { record: { ...record, ...over } })

describe('a certificate of an entry that ends', () => {
  it('ends before it, and not in the same second', () => {
    expect(judged({})).toBeUndefined()
    expect(judged({ notAfter: unixSeconds(end - 1) })).toBeUndefined()
    for (const notAfter of [end, unixSeconds(end + 1)]) {
      const found = judged({ notAfter })
      expect(found).toMatchObject({ reason: 'expired-entry', found: String(notAfter) })
      expect(found?.wanted).toContain(String(end))
    }
  })
})

describe('why a certificate is not allowed', () => {
  it('says what was wanted, and what was found', () => {
    const revision = judged({ rev: record.rev + 1 })
    expect(revision).toMatchObject({ reason: 'other-revision', found: String(record.rev + 1) })
    expect(revision?.wanted).toMatch(new RegExp(`${record.rev}$`))
    const digest = judged({ policyDigest: 'ab'.repeat(32) })
    expect(digest).toMatchObject({ wanted: record.policyDigest, found: 'ab'.repeat(32) })
  })

  it('is bounded, whoever chose it, and says where there is nothing', () => {
    expect(no('names', 'a', 'x'.repeat(301)).found).toBe('x'.repeat(300))
    expect(no('names', 'a', 0).found).toBe('0')
    expect([null, undefined].map((found) => no('names', 'a', found).found)).toEqual([
      'none',
      'none',
    ])
  })
})
