import { describe, expect, it } from '@jest/globals'
import type { Alias } from '../../../src/core/alias.js'
import { unixSeconds } from '../../../src/core/time.js'
import { open, payloadTypes } from '../../../src/namespace/dsse.js'
import { type AnyRecord, deliberationRecord } from '../../../src/namespace/log-record.js'
import type { Pending } from '../../../src/namespace/pending.js'
import { broken, forged, isSame } from '../../../src/namespace/record-refusals.js'
import { closed, malformed, notSigned, signs } from '../../../src/namespace/said.js'
import type { VoterKey } from '../../../src/namespace/voter-key.js'
import { TestVoter } from '../../support/voters.js'

const index = 'a'.repeat(64)
const at = unixSeconds
const [ann, bob] = [new TestVoter('ann'), new TestVoter('bob', 'ES256')] as const

describe('who signed a statement', () => {
  const byAnn = open(ann.envelope(payloadTypes.withdrawal, { v: 1 }))!
  const key = (of: TestVoter, from: number, until?: number): VoterKey => ({
    ...of.key(index, at(from)),
    ...(until !== undefined && { until: at(until) }),
  })

  it('is whose key was in use at all the times it is asked about', () => {
    const one = { keys: [key(ann, 100, 200)] }
    expect(signs(one, byAnn, at(100))).toBe(true)
    expect(signs(one, byAnn, at(100), at(199))).toBe(true)
    // Signed early by its own word, and written down after the key was over; and the other way round.
    expect(signs(one, byAnn, at(150), at(200))).toBe(false)
    expect(signs(one, byAnn, at(200), at(150))).toBe(false)
    expect(signs(one, byAnn, at(99), at(150))).toBe(false)
  })

  it('signs with any one key, which is in use itself', () => {
    expect(signs({ keys: [key(bob, 0), key(ann, 0)] }, byAnn, at(5))).toBe(true)
    expect(signs({ keys: [key(bob, 0)] }, byAnn, at(5))).toBe(false)
    expect(signs({ keys: [] }, byAnn, at(5))).toBe(false)
    // Another key's time is not lent.
    expect(signs({ keys: [key(bob, 0), key(ann, 0, 5)] }, byAnn, at(5))).toBe(false)
  })
})

it('what is said wrongly is malformed, and by others a bad signature', () => {
  expect(malformed('a vote')).toMatchObject({
    ...{ ok: false, refusal: { code: 'namespace.malformed', detail: 'this is not a vote' } },
  })
  expect(notSigned('the vote')).toMatchObject({
    ok: false,
    refusal: {
      code: 'namespace.bad-signature',
      detail: 'the vote is not signed by a key of whom it names',
    },
  })
})

it('a proposal that is over keeps its votes, and what ended it', () => {
  const pending = { id: 'pr1', digest: 'd', record: 3, votes: [] }
  const row = { ...pending, kind: 'pending', head: 'h' } as unknown as Pending
  expect(closed(row, 'vetoed', { seq: 7, ts: at(9) })).toEqual({
    ...{ ...pending, kind: 'closed', ending: 'vetoed', ended: 7, at: 9 },
  })
})

describe('a record that says something else', () => {
  const record = deliberationRecord(
    { size: 4, head: 'c'.repeat(64) },
    {
      ...{ kind: 'vote', at: at(9), subject: { alias: 'pay' as Alias } },
      ...{ prop: 'd'.repeat(64), says: 'e'.repeat(64) },
    },
  )

  it.each([
    { seq: 5 },
    { ts: at(10) },
    { chain: 'd'.repeat(64) },
    { kind: 'withdrawal' },
    { subject: { alias: 'pa' } },
    { subject: { alias: 'pay', uid: 'e1' } },
    { prop: 'e'.repeat(64) },
    { says: 'd'.repeat(64) },
    { more: 1 },
  ])('is not the same: %j', (more) => {
    expect(isSame({ ...record }, record)).toBe(true)
    expect(isSame({ ...record, ...more } as AnyRecord, record)).toBe(false)
    expect(isSame(record, { ...record, ...more } as AnyRecord)).toBe(false)
  })

  it('is broken, or forged, and names where it is in the log', () => {
    expect(broken(7, 'it ends early')).toMatchObject({
      ok: false,
      refusal: {
        code: 'namespace.bad-canonical',
        detail: 'record 7 of the index log is broken: it ends early',
      },
    })
    expect(forged(7, 'a vote')).toMatchObject({
      ok: false,
      refusal: {
        code: 'namespace.bad-signature',
        detail: 'record 7 of the index log: a vote is not signed as it must be',
      },
    })
  })
})
