import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseSerial, type SerialNumber } from '../../src/core/serial.js'
import { seconds } from '../../src/core/time.js'
import type { Alias } from '../../src/core/alias.js'
import { altNames, csr, dns, extensionRequest, uri } from '../csr/make-csr.js'
import { context, valueOf } from '../scenario/given-installation.js'
import { OfflineCluster } from '../support/offline-cluster.js'
import { closeAll, type Credential } from '../server/http/harness.js'
import { Endpoints, forged, type Told } from './given-endpoints.js'
import { join } from 'node:path'

/**
 * A stranger has no valid evidence. Whatever there is (an entry of that name, active, suspended or
 * retired, a token of that id, a certificate of that serial number), a stranger is told the same.
 */
const aliases = ['shop/web', 'shop/idle', 'shop/gone', 'shop/none', 'nowhere/none'] as const
type Subject = (typeof aliases)[number]

let given: Endpoints
/** Signs tokens with a key that no cluster published. */
let impostor: OfflineCluster
const tokenIds: Record<string, string> = {}
/** With their own secrets: whoever held them learns no more than whoever guesses. */
const deadTokens: string[] = []
const serials: Record<string, SerialNumber> = {}
const forgeries: Record<string, Credential> = {}

const accountOf = (subject: Subject): readonly [string, string] => {
  const [namespace = '', account = ''] = subject.split('/')
  return [namespace, account]
}
const identityOf = (subject: Subject): string => {
  const [namespace, account] = accountOf(subject)
  return `${account}.${namespace}.serviceaccount.identity.linkerd.cluster.local`
}
const spiffeIdOf = (subject: Subject): string => `spiffe://test.example/${subject}`

beforeAll(async () => {
  given = await Endpoints.open()
  const { installation } = given
  const { instance, clock } = installation
  const { operations } = instance
  impostor = new OfflineCluster(join(installation.home, 'impostor.json'))
  for (const alias of ['shop/idle', 'shop/gone']) {
    const [namespace, serviceAccount] = accountOf(alias as Subject)
    await installation.change({
      op: 'entry.create',
      alias,
      owner: { controller: 'team' },
      bindings: [{ kind: 'k8s', cluster: 'prod', namespace, serviceAccount }],
    })
  }
  const tokenFor = async (alias: Subject, ttl = 600): Promise<string> =>
    valueOf(await operations.createToken(alias as Alias, seconds(ttl), context())).token
  const idOf = (token: string): string => token.split('.')[1]!

  const expired = await tokenFor('shop/web', 1)
  clock.advance(seconds(2))
  const spent = await tokenFor('shop/web')
  const withdrawn = await tokenFor('shop/web')
  Object.assign(tokenIds, {
    good: idOf(await tokenFor('shop/web')),
    suspended: idOf(await tokenFor('shop/idle')),
    retired: idOf(await tokenFor('shop/gone')),
    expired: idOf(expired),
    spent: idOf(spent),
    withdrawn: idOf(withdrawn),
    unknown: 'a'.repeat(16),
  })
  deadTokens.push(expired, spent, withdrawn, 'jt1.', 'x'.repeat(64))
  valueOf(await installation.issue({ kind: 'join-token', token: spent }))
  valueOf(await operations.withdrawToken(idOf(withdrawn), context()))

  const live = valueOf(await installation.issueToPod()).record.serial
  const revoked = valueOf(await installation.issueToPod()).record.serial
  const target = { kind: 'serial', serial: revoked } as const
  valueOf(await operations.revoke(target, 'keyCompromise', context()))
  Object.assign(serials, { live, revoked, unknown: parseSerial('7'.repeat(32)) })

  await installation.change({ op: 'entry.suspend', alias: 'shop/idle' })
  await installation.change({ op: 'entry.retire', alias: 'shop/gone' })
  for (const alias of aliases) {
    for (const [name, serial] of Object.entries(serials)) {
      forgeries[`${alias} ${name}`] = await forged(installation, {
        spiffeId: spiffeIdOf(alias),
        serial,
      })
    }
  }
})
afterAll(async () => {
  await given[Symbol.asyncDispose]()
  await closeAll()
})

const subject = fc.constantFrom(...aliases)
const tokenState = fc.constantFrom(
  ...['good', 'suspended', 'retired', 'expired', 'spent', 'withdrawn', 'unknown'],
)
const serialState = fc.constantFrom('live', 'revoked', 'unknown')
const secret = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((octets) => Buffer.from(octets).toString('base64url'))

/** A guess about any token, or a dead one: by its place, as they are made before each is asked for. */
const guess = fc
  .record({ state: tokenState, secret, dead: fc.option(fc.nat(4), { freq: 1 }) })
  .map(({ state, secret: text, dead }) => ({
    get token(): string {
      return dead === null ? `jt1.${tokenIds[state]}.${text}` : deadTokens[dead]!
    },
  }))

/** A CSR that asks for nothing, or for the names of somebody. */
const request = fc.option(subject, { nil: undefined }).map((who) =>
  who === undefined
    ? csr()
    : csr({
        attributes: [extensionRequest(altNames(dns(identityOf(who)), uri(spiffeIdOf(who))))],
      }),
)
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')

/** Asks about anything twice, of whatever is there and of whatever is not; the answers must be one. */
async function sameAnswer<T>(
  about: fc.Arbitrary<T>,
  ask: (about: T) => Promise<object>,
  expected: object,
): Promise<void> {
  let first: object | undefined
  await fc.assert(
    fc.asyncProperty(about, async (it) => {
      const told = await ask(it)
      first ??= told
      expect(told).toEqual(first)
    }),
    { numRuns: 25 },
  )
  expect(first).toMatchObject(expected)
}

const refused = (status: number, code: string): object => ({ status, body: { code } })

describe('a stranger over HTTP', () => {
  it('with a guessed secret learns nothing of a join token: none, good, spent, expired, or whose', () =>
    sameAnswer(
      fc.record({ guess, request }),
      (it) =>
        given.post('/v1/certificates', {
          csr: base64(it.request),
          evidence: { kind: 'join-token', token: it.guess.token },
        }),
      refused(401, 'evidence.not-accepted'),
    ))

  it('with a forged service account token learns nothing of bindings and entries', () =>
    sameAnswer(
      fc.record({ subject, request }),
      (it) =>
        given.post('/v1/certificates', {
          csr: base64(it.request),
          evidence: { kind: 'kubernetes', token: forgedToken(it.subject) },
        }),
      refused(401, 'token.bad-signature'),
    ))

  it('with a forged certificate learns nothing of entries and serial numbers when renewing', () =>
    sameAnswer(
      fc.record({ subject, serialState, request }),
      (it) =>
        given.post(
          '/v1/renew',
          { csr: base64(it.request) },
          forgeries[`${it.subject} ${it.serialState}`],
        ),
      refused(401, 'renewal.not-ours'),
    ))

  const about = fc.record({ subject, serialState, tokenState })
  const encoded = (alias: string): string => encodeURIComponent(alias)
  interface About {
    readonly subject: Subject
    readonly serialState: string
    readonly tokenState: string
  }
  const readings: readonly ((it: About) => string)[] = [
    (it) => `/v1/entries/${encoded(it.subject)}`,
    (it) => `/v1/entries/${encoded(it.subject)}/log`,
    (it) => `/v1/entries?prefix=${encoded(it.subject)}`,
    (it) => `/v1/log?alias=${encoded(it.subject)}`,
    (it) => `/v1/certificates?entry=${encoded(it.subject)}`,
    (it) => `/v1/certificates/${serials[it.serialState]}`,
  ]

  it.each([
    { who: 'nobody', code: 'request.unauthenticated' },
    { who: 'a forger', code: 'renewal.not-ours' },
  ])('as $who learns nothing from the routes of readers', ({ who, code }) =>
    sameAnswer(
      fc.record({ about, path: fc.constantFrom(...readings) }),
      async (it): Promise<Told> => {
        const as = who === 'nobody' ? undefined : forgeries[`${it.about.subject} live`]
        return given.ask({ path: it.path(it.about), ...(as && { as }) })
      },
      refused(401, code),
    ),
  )

  it('learns nothing from the routes of operators', () => {
    const changes: readonly ((it: About) => readonly [string, string, object?])[] = [
      (it) => ['POST', '/v1/tokens', { alias: it.subject, ttlSeconds: 60 }],
      (it) => ['POST', '/v1/revocations', { entry: it.subject }],
      (it) => ['POST', '/v1/revocations', { serial: serials[it.serialState] }],
      (it) => ['POST', '/v1/changes', { op: 'entry.suspend', alias: it.subject }],
      (it) => ['DELETE', `/v1/tokens/${tokenIds[it.tokenState]}`],
    ]
    return sameAnswer(
      fc.record({ about, change: fc.constantFrom(...changes), forger: fc.boolean() }),
      async (it) => {
        const [method, path, body] = it.change(it.about)
        const as = it.forger ? forgeries[`${it.about.subject} live`] : undefined
        return given.ask({ method, path, ...(body && { body }), ...(as && { as }) })
      },
      refused(403, 'request.forbidden'),
    )
  })

  it('reads no name of an entry in what anybody may read', async () => {
    const { operations } = given.installation.instance
    const text = JSON.stringify([
      await operations.readiness(),
      await operations.bundle(),
      await operations.spiffeBundle(),
    ])
    const { entries } = valueOf(await operations.entries({ prefix: '' as Alias, limit: 100 }))
    for (const { alias, uid } of entries) {
      expect(text).not.toContain(alias)
      expect(text).not.toContain(uid)
    }
    expect(entries.length).toBeGreaterThan(1)
  })
})

describe('a stranger over gRPC', () => {
  it('with a forged service account token learns nothing of bindings and entries', () =>
    sameAnswer(
      fc.record({ subject, identity: subject, request }),
      (it) => given.certify(identityOf(it.identity), forgedToken(it.subject), it.request),
      { ok: false, grpcStatus: 9 },
    ))

  it('with a join token learns nothing of it', () =>
    sameAnswer(
      fc.record({ guess, identity: subject, request }),
      (it) => given.certify(identityOf(it.identity), it.guess.token, it.request),
      { ok: false, grpcStatus: 3 },
    ))
})

describe('somebody with genuine evidence and no entry', () => {
  /** An account of the cluster that no entry is bound to. */
  const token = (): string => {
    const { cluster, clock } = given.installation
    return cluster.token('shop', 'visitor', clock.now())
  }

  it('learns that the account itself is not bound, and nothing of others, over HTTP', () =>
    sameAnswer(
      request,
      (it) =>
        given.post('/v1/certificates', {
          csr: base64(it),
          evidence: { kind: 'kubernetes', token: token() },
        }),
      { status: 403, body: { code: 'grant.no-entry', found: 'prod/shop/visitor' } },
    ))

  it('learns the same over gRPC, whatever identity is asked for', () =>
    sameAnswer(
      fc.record({ identity: subject, request }),
      (it) => given.certify(identityOf(it.identity), token(), it.request),
      { ok: false, grpcStatus: 9 },
    ))
})

describe('somebody with genuine evidence and an entry', () => {
  it('learns nothing of the entries whose names it asks for', async () => {
    const { cluster, clock } = given.installation
    const ask = (who: Subject): Promise<Told> =>
      given.post('/v1/certificates', {
        csr: base64(csr({ attributes: [extensionRequest(altNames(uri(spiffeIdOf(who))))] })),
        evidence: { kind: 'kubernetes', token: cluster.token('shop', 'web', clock.now()) },
      })
    const others = aliases.filter((alias) => alias !== 'shop/web')
    const answers = await Promise.all(others.map(ask))
    // What was asked for is repeated, and nothing else differs.
    const told = answers.map((answer, at) =>
      JSON.stringify(answer.body).replaceAll(others[at]!, 'ALIAS'),
    )
    expect(new Set(told).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 403, body: { code: 'csr.other-names' } })
  })
})

function forgedToken(about: Subject): string {
  const [namespace, account] = accountOf(about)
  return impostor.token(namespace, account, given.installation.clock.now())
}
