import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { X509Certificate } from 'node:crypto'
import { keepPublishing } from '../../src/compose/keep-publishing.js'
import { keepPruning } from '../../src/compose/keep-pruning.js'
import { OwnCertificates } from '../../src/compose/server-certificates.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { LinkerdRegion, TrustDomain } from '../../src/core/names.js'
import { days, hours, plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import { systemRandom } from '../../src/system.js'
import { givenInstallation, type Installation } from '../scenario/given-installation.js'
import { leaf } from '../contract/given-store.js'
import { FakeClock, T0 } from '../support/fake-clock.js'
import { MemoryStore } from '../support/memory-store.js'

/** Lets whatever is ready to run do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('keepPruning', () => {
  it('prunes at once and at every interval, also after a failure, and stops when told', async () => {
    const clock = new FakeClock()
    const asked: UnixSeconds[] = []
    const errors: string[] = []
    const stop = new AbortController()
    const ended = keepPruning(
      {
        ledger: {
          firstDay: () => Promise.resolve(undefined),
          prune: (before) => {
            asked.push(before)
            if (asked.length === 2) return Promise.reject(new DependencyError('store', 'full'))
            return Promise.resolve(0)
          },
        },
        clock,
        retention: days(30),
        interval: hours(1),
        log: {
          info: () => undefined,
          error: (_: unknown, message?: string) => void errors.push(message ?? ''),
        },
      },
      stop.signal,
    )
    for (let passed = 0; passed < 3; passed += 1) {
      await settled()
      clock.advance(hours(1))
    }
    await settled()
    const first = T0 - days(30)
    expect(asked).toEqual([first, first + 3600, first + 7200, first + 10_800])
    expect(errors).toEqual(['pruning the ledger failed; it is tried again'])
    stop.abort()
    await ended
  })
})

describe('keepPruning, while the clock is wrong', () => {
  it('drops one day at a time, so that a clock weeks ahead costs what was next to go (attack 352)', async () => {
    const clock = new FakeClock()
    const { ledger } = new MemoryStore()
    const ending = (day: number) => leaf({ notAfter: plus(T0, days(day)) })
    const [gone, next, later, live] = [ending(-32), ending(-31), ending(-20), ending(1)]
    for (const entry of [gone, next, later, live]) await ledger.append(entry, [])
    await ledger.revoke([live.serial], { at: T0, reason: 'keyCompromise' })
    const stop = new AbortController()
    const log = { info: () => undefined, error: () => undefined }
    clock.advance(days(40))
    const deps = { ledger, clock, retention: days(30), interval: hours(1), log }
    const ended = keepPruning(deps, stop.signal)
    await settled()
    clock.advance(hours(1))
    await settled()
    clock.set(plus(T0, hours(1)))
    await settled()
    stop.abort()
    await ended
    const there = async (one: typeof live) => (await ledger.find(one.serial)) !== undefined
    expect(await Promise.all([gone, next, later, live].map(there))).toEqual([
      false,
      false,
      true,
      true,
    ])
    expect((await ledger.find(live.serial))?.revocation).not.toBeNull()
  })
})

describe('keepPublishing', () => {
  it('leaves a head in its place for an interval after witnesses were asked about it', async () => {
    const clock = new FakeClock()
    const stop = new AbortController()
    const asked: UnixSeconds[] = []
    let answered = (): void => undefined
    const publish = (): Promise<void> => {
      asked.push(clock.now())
      return new Promise((resolve) => {
        answered = resolve
      })
    }
    const ended = keepPublishing({ publish, clock, interval: seconds(1) }, stop.signal)
    for (let passed = 0; passed < 3; passed += 1) {
      await settled()
      clock.advance(seconds(1))
    }
    expect(asked).toEqual([T0])
    answered()
    await settled()
    expect(asked).toEqual([T0])
    clock.advance(seconds(1))
    await settled()
    expect(asked).toEqual([T0, T0 + 4])
    stop.abort()
    answered()
    await ended
  })
})

describe("the server's own certificates", () => {
  let given: Installation
  let regions: LinkerdRegion[] = []

  beforeAll(async () => {
    given = await givenInstallation()
  })
  afterAll(() => given[Symbol.asyncDispose]())

  const own = (): OwnCertificates =>
    new OwnCertificates({
      issuer: (now) => given.instance.authority().issuer(now),
      ledger: given.instance.store.ledger,
      clock: given.clock,
      random: systemRandom,
      names: ['localhost', '127.0.0.1'],
      regions: () => regions,
      failed: (error) => {
        throw error
      },
    })

  const region = (identityTrustDomain: string): LinkerdRegion => ({
    controlPlaneNamespace: 'linkerd',
    identityTrustDomain: identityTrustDomain as TrustDomain,
  })

  it('are kept for two thirds of their life, and then replaced', async () => {
    const certificates = own()
    await certificates.refresh()
    const first = certificates.http.current('anything')
    given.clock.advance(hours(15))
    await certificates.refresh()
    expect(certificates.http.current(undefined)).toBe(first)
    given.clock.advance(hours(2))
    await certificates.refresh()
    const second = certificates.http.current(undefined)
    expect(second).not.toBe(first)
    const leaf = new X509Certificate(second?.chainPem ?? '')
    expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
    expect(Date.parse(leaf.validTo) / 1000).toBeGreaterThan(given.clock.now() + hours(23))
  })

  it('are replaced when the clock is set back to before they are valid', async () => {
    const certificates = own()
    const right = given.clock.now()
    given.clock.advance(days(1))
    await certificates.refresh()
    const early = certificates.http.current(undefined)
    given.clock.set(right)
    await certificates.refresh()
    const now = certificates.http.current(undefined)
    expect(now).not.toBe(early)
    const leaf = new X509Certificate(now?.chainPem ?? '')
    expect(Date.parse(leaf.validFrom) / 1000).toBeLessThanOrEqual(right)
  })

  it('answer to the name of each Linkerd control plane, as clusters come and go', async () => {
    const certificates = own()
    const name = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.prod.local'
    await certificates.refresh()
    expect(certificates.linkerd.current(name)).toBeUndefined()
    regions = [region('prod.local')]
    await certificates.refresh()
    const leaf = new X509Certificate(certificates.linkerd.current(name)?.chainPem ?? '')
    expect(leaf.subjectAltName).toBe(`DNS:${name}`)
    regions = []
    await certificates.refresh()
    expect(certificates.linkerd.current(name)).toBeUndefined()
  })

  it('are one for each name, however many ask at once', async () => {
    const before = (await given.instance.store.ledger.list({ limit: 1000 })).length
    const certificates = own()
    await Promise.all(Array.from({ length: 10 }, () => certificates.refresh()))
    expect((await given.instance.store.ledger.list({ limit: 1000 })).length).toBe(before + 1)
  })
})
