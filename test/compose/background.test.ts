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

/** What `keepPruning` does with a ledger at each of these times, `hours(1)` apart or set anew. */
async function prunedAt(
  ledger: Parameters<typeof keepPruning>[0]['ledger'],
  times: readonly UnixSeconds[],
  retention = days(30),
): Promise<readonly string[]> {
  const errors: string[] = []
  const log = {
    info: () => undefined,
    error: (_: unknown, message?: string) => void errors.push(message ?? ''),
  }
  for (const now of times) {
    const clock = new FakeClock()
    clock.set(now)
    const stop = new AbortController()
    const ended = keepPruning({ ledger, clock, retention, interval: hours(1), log }, stop.signal)
    await settled()
    clock.advance(hours(1))
    await settled()
    stop.abort()
    await ended
  }
  return errors
}

const endingIn = (day: number, extra: Parameters<typeof leaf>[0] = {}) =>
  leaf({ notAfter: plus(T0, days(day)), ...extra })

/** A ledger that has run for as many days: on each a certificate ended, and today's are live. */
async function ranFor(count: number): Promise<{ ledger: MemoryStore['ledger']; ends: Leaves }> {
  const { ledger } = new MemoryStore()
  const ends = Array.from({ length: count + 1 }, (_, day) => endingIn(day + 1 - count))
  for (const entry of ends) await ledger.append(entry, [])
  return { ledger, ends }
}

type Leaves = readonly ReturnType<typeof leaf>[]

async function gone(ledger: MemoryStore['ledger'], ends: Leaves): Promise<number> {
  const found = await Promise.all(ends.map(({ serial }) => ledger.find(serial)))
  return found.filter((row) => row === undefined).length
}

describe('keepPruning', () => {
  it('drops what ended before the retention, at once and at every interval', async () => {
    const { ledger, ends } = await ranFor(40)
    expect(await prunedAt(ledger, [T0])).toEqual([])
    expect(await gone(ledger, ends)).toBe(10)
    expect(await ledger.find(ends[10]!.serial)).toBeDefined()
    expect(await prunedAt(ledger, [plus(T0, days(1))])).toEqual([])
    expect(await gone(ledger, ends)).toBe(11)
  })

  it('goes on after a failure, and stops when told', async () => {
    const clock = new FakeClock()
    const asked: UnixSeconds[] = []
    const errors: string[] = []
    const stop = new AbortController()
    const ended = keepPruning(
      {
        ledger: {
          days: () => Promise.resolve(Array.from({ length: 30 }, (_, day) => plus(T0, days(day)))),
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
  const ahead = plus(T0, days(40))
  const revocation = { at: T0, reason: 'keyCompromise' } as const

  it.each([
    ['of a young ledger', 0, 0],
    ['of one that has run for a month', 32, 5],
    ['of one whose retention was shortened', 90, 63],
  ])('loses what is oldest and nothing else %s', async (_, ran, oldest) => {
    const { ledger, ends } = await ranFor(ran)
    const live = ends.at(-1)!
    await ledger.revoke([live.serial], revocation)
    // What the server issues itself under the wrong clock, across a midnight.
    for (const day of [41, 42]) await ledger.append(endingIn(day), [])
    await prunedAt(ledger, [ahead, ahead, plus(T0, hours(2))])
    expect(await gone(ledger, ends)).toBe(oldest)
    expect((await ledger.find(live.serial))?.revocation).toEqual(revocation)
  })

  it('keeps what is live and revoked while the clock is weeks ahead, also of a young ledger (attack 352)', async () => {
    for (const ran of [0, 45]) {
      const { ledger, ends } = await ranFor(ran)
      const live = ends.at(-1)!
      await ledger.revoke([live.serial], revocation)
      await prunedAt(ledger, [ahead])
      expect((await ledger.find(live.serial))?.revocation).toEqual(revocation)
    }
  })

  it('keeps what is live also where next to nothing is kept after it expired', async () => {
    const { ledger, ends } = await ranFor(9)
    for (const day of [40, 41, 42]) await ledger.append(endingIn(day), [])
    await prunedAt(ledger, [plus(ahead, days(1))], seconds(0))
    expect(await gone(ledger, ends.slice(-2))).toBe(0)
    expect(await gone(ledger, ends)).toBe(8)
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
