import { describe, expect, it } from '@jest/globals'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import {
  type Call,
  permit,
  type Trust,
  type VerifiedEntry,
  verifyAnswer,
  verifyBundle,
} from '../../src/verify/library.js'
import { codeOf } from '../namespace/given-index.js'
import { LOG } from './given-bundle.js'

const trust = {
  indexId: '0'.repeat(64),
  logKey: formatVerifierKey(LOG.key),
  now: new Date(1_795_219_200_000),
}

describe('options that are wrong', () => {
  it.each<readonly [string, object]>([
    ['an age that is a text', { maxAge: '86400' }],
    ['half a second', { maxAge: 0.5 }],
    ['an age without end', { maxAge: Infinity }],
    ['an age that no sum can hold', { maxAge: Number.MAX_SAFE_INTEGER }],
    ['null for an age', { maxAge: null }],
    ['no date', { now: new Date('x') }],
    ['no index', { indexId: undefined }],
    ['null for a key', { logKey: null }],
    ['a policy that is no text', { policy: 1 }],
    ['a text for whether the log is trusted', { trustLog: 'false' }],
  ])('are refused, and never thrown: %s', (_, wrong) => {
    const options = { ...trust, ...wrong } as unknown as Trust
    for (const verify of [verifyBundle, verifyAnswer]) {
      expect(codeOf(verify(Buffer.from('{}\n'), options))).toBe('request.malformed')
    }
  })

  it.each<readonly [string, object]>([
    ['no date', { now: new Date('x') }],
    ['a text for a date', { now: '2026-11-23T00:00:00Z' }],
    ['a text for a port', { port: '443' }],
    ['no port', { port: undefined }],
    ['a port that is no number', { port: NaN }],
    ['a method that is no text', { method: 1 }],
    ['a path that is no text', { path: ['/'] }],
    ['null for headers', { headers: null }],
  ])('of a call are refused, and never thrown: %s', (_, wrong) => {
    const none = {} as VerifiedEntry
    const call = { port: 443, now: trust.now, ...wrong } as unknown as Call
    expect(codeOf(permit(none, none, call))).toBe('request.malformed')
  })

  it('are not those that are right', () => {
    const options = { ...trust, maxAge: 86_400 }
    expect(codeOf(verifyBundle(Buffer.from('{}\n'), options))).toBe('bundle.malformed')
  })
})
