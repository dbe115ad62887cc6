import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { renewalTime, retryPause } from '../../../src/cli/enrol/schedule.js'
import { type Clock, seconds, unixSeconds, type UnixSeconds } from '../../../src/core/time.js'
import { countedRandom } from '../../support/random.js'
import { run, type Screen } from '../fake-world.js'
import { FakeAuthority, FakeCapstan, Refusing, STARTED } from './fake-capstan.js'

const TOKEN = 'jt1.abcdefghijklmnop.c2VjcmV0LXNlY3JldC1zZWNyZXQ'
const LIFETIME = 3600

/** Nobody waits: whoever sleeps wakes at once, and it is that late. */
class SkippingClock implements Clock {
  readonly slept: number[] = []
  private at: UnixSeconds = unixSeconds(STARTED)

  now(): UnixSeconds {
    return this.at
  }

  sleepUntil(at: UnixSeconds, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted !== true) {
      this.slept.push(at - this.at)
      if (at > this.at) this.at = at
    }
    return Promise.resolve()
  }
}

let authority: FakeAuthority
let server: FakeCapstan
let home = ''
let clock: SkippingClock
let stop: AbortController

beforeAll(async () => {
  authority = await FakeAuthority.make('test')
})
beforeEach(async () => {
  server = await FakeCapstan.start(authority)
  home = mkdtempSync(join(tmpdir(), 'capstan-renew-'))
  writeFileSync(join(home, 'bundle.pem'), authority.rootPem)
  clock = new SkippingClock()
  stop = new AbortController()
  server.issue = fresh
})
afterEach(async () => {
  await server.close()
  rmSync(home, { recursive: true, force: true })
})

type Script = FakeCapstan['renew']

/** A certificate for an hour from now. */
const fresh: Script = (_, key) =>
  authority.answer(key, { notBefore: clock.now(), notAfter: clock.now() + LIFETIME - 1 })

/** Answers renewals by these scripts in turn; after the last, the loop is told to stop. */
function renewals(...scripts: readonly Script[]): void {
  let next = 0
  server.renew = (...asked) => {
    const script = scripts[next]
    next += 1
    if (next >= scripts.length) stop.abort()
    return (script ?? down)(...asked)
  }
}

const refusing =
  (status: number, code: string): Script =>
  () =>
    Promise.resolve(new Refusing(status, code))

const down = refusing(503, 'unavailable')

function keepRenewing(...more: string[]): Promise<Screen> {
  const { signal } = stop
  const args = ['--server', server.url, '--ca-bundle', 'bundle.pem', '--token', TOKEN]
  return run(['cert', 'get', 'payments/db', ...args, '--out', 'id', '--renew', '--json', ...more], {
    cwd: home,
    random: countedRandom(),
    clock,
    signal,
  })
}

const events = (screen: Screen): Record<string, unknown>[] =>
  screen.out
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{"event"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('capstan cert get --renew', () => {
  it('renews at two thirds of each lifetime, with the certificate that it has by then', async () => {
    renewals(fresh, fresh, fresh)
    const screen = await keepRenewing()
    const waits = clock.slept.filter((length) => length > 0)
    expect(waits.length).toBeGreaterThanOrEqual(2)
    for (const wait of waits) {
      expect(wait / LIFETIME).toBeGreaterThan(0.62)
      expect(wait / LIFETIME).toBeLessThan(0.71)
    }
    const clients = server.received
      .filter(({ path }) => path === '/v1/renew')
      .map(({ client }) => client)
    expect(new Set(clients).size).toBe(clients.length)
    expect(events(screen).map(({ event }) => event)).toContain('renewed')
  })

  it('sits an outage out with growing pauses, and then goes on', async () => {
    renewals(down, down, down, down, fresh, fresh)
    const screen = await keepRenewing()
    const [, ...pauses] = clock.slept
    const four = pauses.slice(0, 4)
    expect(four.every((pause) => pause >= 5 && pause <= 300)).toBe(true)
    expect(four[3]).toBeGreaterThan(four[0] ?? 0)
    const seen = events(screen)
    expect(seen.filter(({ event }) => event === 'failed')).toHaveLength(4)
    expect(seen.find(({ event }) => event === 'failed')).toMatchObject({ code: 'unavailable' })
    expect(seen.some(({ event }) => event === 'renewed')).toBe(true)
  })

  it('gives up on what no waiting makes good', async () => {
    renewals(refusing(403, 'renewal.revoked'), fresh)
    const screen = await keepRenewing()
    expect(screen.exit).toBe(3)
    expect(server.received.filter(({ path }) => path === '/v1/renew')).toHaveLength(1)
  })

  it('keeps the certificate that it has while it cannot have another', async () => {
    renewals(down, down)
    await keepRenewing()
    expect(readFileSync(join(home, 'id/cert.pem'), 'utf8')).toContain('BEGIN CERTIFICATE')
  })

  it('tells a hook of each new certificate', async () => {
    renewals(fresh, fresh)
    await keepRenewing('--hook', `echo "$CAPSTAN_ALIAS" >> '${join(home, 'told')}'`)
    const told = readFileSync(join(home, 'told'), 'utf8').trim().split('\n')
    expect(told.length).toBeGreaterThanOrEqual(2)
  })
})

describe('the schedule', () => {
  it('spreads renewals over a twelfth of the lifetime around two thirds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 10_000_000 }), fc.string(), (lifetime, seed) => {
        const notBefore = unixSeconds(1000)
        const notAfter = unixSeconds(1000 + lifetime)
        const at = renewalTime({ notBefore, notAfter }, countedRandom(seed))
        expect(at).toBeGreaterThanOrEqual(1000 + Math.floor(lifetime * 0.625))
        expect(at).toBeLessThanOrEqual(1000 + Math.ceil(lifetime * 0.7084))
      }),
    )
  })

  it('never pauses less than 5 seconds, nor more than 5 minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.string(), (failures, seed) => {
        const pause = retryPause(failures, countedRandom(seed))
        expect(pause).toBeGreaterThanOrEqual(seconds(5))
        expect(pause).toBeLessThanOrEqual(seconds(300))
      }),
    )
  })
})
