import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ok, refuse } from '../../src/core/result.js'
import { hours, plus, seconds } from '../../src/core/time.js'
import type { IssueRequest } from '../../src/issuance/issue-leaf.js'
import { type CertifyInput, certifyWith, spread } from '../../src/issuance/linkerd-certify.js'
import { valueOf } from '../ca/given-authorities.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'
import { Issued } from './given-issued.js'

describe('certify', () => {
  const input: CertifyInput = {
    identity: 'web.shop.serviceaccount.identity.linkerd.cluster.local',
    token: 'a token',
    csr: Uint8Array.of(1, 2, 3),
    requestId: 'r1',
    caller: new AbortController(),
  }

  it('asks as the proxy did, and answers with the chain and the end that it is to go by', async () => {
    const given = await Issued.open()
    const record = await given.signed()
    const { certificate: leaf, alias, serial } = record
    const chain = [given.hierarchy.certificate]
    const asked: IssueRequest[] = []
    const certify = certifyWith({
      issueLeaf: (request) => {
        asked.push(request)
        return Promise.resolve(ok({ leaf, chain, record, names: [] }))
      },
    })
    expect(valueOf(await certify(input))).toEqual({
      ...{ leaf, intermediates: chain, alias, serial },
      validUntil: spread(T0, record.notAfter, input.csr),
    })
    const { token, ...rest } = input
    expect(asked).toEqual([{ ...rest, evidence: { kind: 'kubernetes', token } }])
  })

  it('passes a refusal on', async () => {
    const refused = refuse('token.expired', 'the token is expired')
    const certify = certifyWith({ issueLeaf: () => Promise.resolve(refused) })
    expect(await certify(input)).toEqual(refused)
  })
})

/** linkerd2-proxy renews at 70 % of the way to this instant, without a jitter of its own. */
describe('valid_until', () => {
  const csrs = fc.uint8Array({ minLength: 1, maxLength: 64 })

  it('leaves a tenth of the lifetime at least, and is never after notAfter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400 * 30 }), csrs, (lifetime, csr) => {
        const notAfter = plus(T0, seconds(lifetime))
        const until = spread(T0, notAfter, csr)
        expect(until).toBeLessThanOrEqual(notAfter)
        expect(until).toBeGreaterThanOrEqual(T0 + Math.floor(lifetime * 0.1))
        expect(until).toBeGreaterThan(T0)
      }),
    )
  })

  it('is another one for each of a thousand proxies that start together, evenly spread', () => {
    const random = countedRandom()
    const notAfter = plus(T0, hours(24))
    const all = Array.from({ length: 1000 }, () => spread(T0, notAfter, random(32)))
    expect(new Set(all).size).toBeGreaterThan(900)
    const middle = T0 + hours(24) * 0.55
    const early = all.filter((until) => until < middle).length
    expect(early).toBeGreaterThan(400)
    expect(early).toBeLessThan(600)
  })

  it('brings a proxy back at the same phase, however late or early it comes within reason', () => {
    const lifetime = hours(24)
    const period = lifetime * 0.7 * 0.9
    fc.assert(
      fc.property(csrs, fc.integer({ min: -3000, max: 36_000 }), (csr, late) => {
        const renewsAt = (from: number): number =>
          from +
          0.7 *
            (spread(plus(T0, seconds(from)), plus(T0, seconds(from + lifetime)), csr) - T0 - from)
        const first = renewsAt(0)
        const second = renewsAt(Math.round(first) + late)
        expect(Math.abs(second - first - period)).toBeLessThan(2)
      }),
    )
  })
})
