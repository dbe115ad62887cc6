import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { X509Certificate } from 'node:crypto'
import { DependencyError } from '../../src/core/dependency-error.js'
import { hours, minutes, seconds } from '../../src/core/time.js'
import {
  altNames,
  CHALLENGE_PASSWORD,
  attribute,
  csr,
  dns,
  ed25519,
  extensionRequest,
  p256,
  p384,
  spkiOf,
  uri,
} from '../csr/make-csr.js'
import { utf8String } from '../../src/core/der-writer.js'
import {
  codeOf,
  context,
  givenInstallation,
  type Installation,
  linkerdName,
  valueOf,
  web,
} from './given-installation.js'

let given: Installation
let before = 0

beforeAll(async () => {
  given = await givenInstallation()
})
afterAll(() => given[Symbol.asyncDispose]())
beforeEach(async () => {
  before = await given.issued()
})

const issuedNow = async (): Promise<number> => (await given.issued()) - before

describe('a pod with a genuine token', () => {
  it('gets the names of its entry, computed from the namespace, Linkerd name first', async () => {
    const { leaf, record } = valueOf(await given.issueToPod())
    const certificate = new X509Certificate(leaf)
    expect(certificate.subjectAltName).toBe(
      `DNS:${linkerdName}, URI:spiffe://test.example/shop/web`,
    )
    expect(certificate.subject).toBe(`UID=${record.entry ?? ''}`)
    expect(await given.instance.store.ledger.find(record.serial)).toMatchObject({
      alias: 'shop/web',
      certificate: leaf,
      requestId: 'test',
    })
  })

  it('keeps its one key for ever', async () => {
    const request = { csr: csr() }
    const first = valueOf(await given.issueToPod('web', request))
    const second = valueOf(await given.issueToPod('web', request))
    expect(second.record.serial).not.toBe(first.record.serial)
  })

  it('may ask for less than its names, and gets them all', async () => {
    const asked = csr({ attributes: [extensionRequest(altNames(dns(linkerdName)))] })
    expect(valueOf(await given.issueToPod('web', { csr: asked })).names).toHaveLength(2)
  })

  it.each([
    {
      what: 'a name of another',
      name: dns('api.shop.serviceaccount.identity.linkerd.cluster.local'),
    },
    { what: 'a SPIFFE ID of another', name: uri('spiffe://test.example/shop/api') },
    { what: 'a wildcard', name: dns('*.shop.serviceaccount.identity.linkerd.cluster.local') },
    { what: 'its own name in another case', name: dns(linkerdName.toUpperCase()) },
  ])(
    'is refused, with nothing issued, when its CSR asks for $what (CVE-2021-27098)',
    async ({ name }) => {
      const asked = csr({ attributes: [extensionRequest(altNames(name))] })
      expect((await given.issueToPod('web', { csr: asked })).ok).toBe(false)
      expect(await issuedNow()).toBe(0)
    },
  )

  it('is refused when the identity it claims is not the one it proved (SPIRE 1.14.6, aws_iid)', async () => {
    const identity = 'api.shop.serviceaccount.identity.linkerd.cluster.local'
    expect(codeOf(await given.issueToPod('web', { identity }))).toBe('grant.other-identity')
    expect(await issuedNow()).toBe(0)
  })

  it('is refused when nobody bound its service account, whatever its CSR says', async () => {
    const asked = csr({ attributes: [extensionRequest(altNames(dns(linkerdName)))] })
    const refused = await given.issueToPod('stranger', { csr: asked })
    expect(codeOf(refused)).toBe('grant.no-entry')
    expect(await issuedNow()).toBe(0)
  })

  it('is refused when another CSR was signed than the one that is shown', async () => {
    const mixed = csr({ spki: spkiOf(p384) }, { key: p256 })
    expect(codeOf(await given.issueToPod('web', { csr: mixed }))).toBe('csr.bad-signature')
    expect(await issuedNow()).toBe(0)
  })

  it('gets at most what its envelope allows of a lifetime, and 24 hours and the backdate in all', async () => {
    const day = valueOf(await given.issueToPod('web', { ttl: seconds(999_999) })).record
    expect(day.notAfter - day.notBefore + 1).toBeLessThanOrEqual(86_400 + 120)
    const short = valueOf(await given.issueToPod('web', { ttl: minutes(5) })).record
    expect(short.notAfter - short.issuedAt).toBeLessThanOrEqual(300)
    await given.change({ op: 'envelope.set', alias: web, envelope: { maxTtl: 3600 } })
    const hour = valueOf(await given.issueToPod('web', { ttl: hours(24) })).record
    expect(hour.notAfter - hour.issuedAt).toBeLessThanOrEqual(3600)
    await given.change({ op: 'envelope.set', alias: web, envelope: { maxTtl: 86_400 } })
  })

  it('gets nothing that outlives its entry', async () => {
    const validUntil = given.clock.now() + 900
    await given.change({ op: 'entry.update', alias: web, validUntil })
    const { record } = valueOf(await given.issueToPod())
    expect(record.notAfter).toBeLessThan(validUntil)
    await given.change({ op: 'entry.update', alias: web, validUntil: null })
  })

  it('is bound by the scope above it at once', async () => {
    await given.change({ op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 600 } })
    const { record } = valueOf(await given.issueToPod())
    expect(record.notAfter - record.issuedAt).toBeLessThanOrEqual(600)
    await given.change({ op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 86_400 } })
  })

  it('may use only the kinds of key that its envelope has', async () => {
    const request = {
      csr: csr(
        { spki: spkiOf(ed25519) },
        { key: ed25519, algorithm: '1.3.101.112', parameters: new Uint8Array(0) },
      ),
    }
    await given.change({ op: 'envelope.set', alias: web, envelope: { keyAlgs: ['P-256'] } })
    expect(codeOf(await given.issueToPod('web', request))).toBe('csr.key-not-allowed')
    await given.change({
      op: 'envelope.set',
      alias: web,
      envelope: { keyAlgs: ['Ed25519', 'P-256'] },
    })
    expect((await given.issueToPod('web', request)).ok).toBe(true)
  })
})

describe('an entry that is not active', () => {
  it('gets nothing from the moment it is suspended, and again when it is reactivated', async () => {
    await given.change({ op: 'entry.suspend', alias: web })
    expect(codeOf(await given.issueToPod())).toBe('grant.not-active')
    expect(await issuedNow()).toBe(0)
    await given.change({ op: 'entry.reactivate', alias: web })
    expect((await given.issueToPod()).ok).toBe(true)
  })

  it('gets no join token either', async () => {
    await given.change({ op: 'entry.suspend', alias: web })
    const { operations } = given.instance
    expect(codeOf(await operations.createToken(web, seconds(60), context()))).toBe(
      'grant.not-active',
    )
    await given.change({ op: 'entry.reactivate', alias: web })
  })
})

describe('a join token', () => {
  it('is good for exactly one certificate, however many ask at once (SPIRE 1.14.6, join token)', async () => {
    const token = await given.joinToken()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => given.issue({ kind: 'join-token', token })),
    )
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
    expect(new Set(answers.map(codeOf))).toEqual(new Set([undefined, 'evidence.not-accepted']))
    expect(await issuedNow()).toBe(1)
  })

  it('is not used up by a request that is refused', async () => {
    const token = await given.joinToken()
    const evidence = { kind: 'join-token', token } as const
    const wrong = csr({ attributes: [extensionRequest(altNames(dns('else.example')))] })
    expect((await given.issue(evidence, { csr: wrong })).ok).toBe(false)
    expect((await given.issue(evidence)).ok).toBe(true)
  })

  it('ends with its time, and is withdrawn when its entry is suspended', async () => {
    const expired = await given.joinToken(web, 60)
    given.clock.advance(seconds(60))
    expect(codeOf(await given.issue({ kind: 'join-token', token: expired }))).toBe(
      'evidence.not-accepted',
    )
    const kept = await given.joinToken()
    await given.change({ op: 'entry.suspend', alias: web })
    expect(codeOf(await given.issue({ kind: 'join-token', token: kept }))).toBe('grant.not-active')
    await given.change({ op: 'entry.reactivate', alias: web })
    expect(await issuedNow()).toBe(0)
  })

  it.each([
    { what: 'a wrong secret', change: (token: string) => `${token.slice(0, -4)}AAAA` },
    {
      what: 'an unknown id',
      change: (token: string) => token.replace(/^jt1\.[a-z2-7]{4}/, 'jt1.aaaa'),
    },
    { what: 'white space', change: (token: string) => `${token}\n` },
    { what: 'padding', change: (token: string) => `${token}=` },
    {
      // 43 characters hold two bits more than 32 octets; a lax decoder drops them.
      what: 'another spelling of its last octet',
      change: (token: string) => token.slice(0, -1) + nextCharacter(token.at(-1)!),
    },
    { what: 'nothing', change: () => '' },
  ])('is one answer for $what: a guess learns nothing (jose 6)', async ({ change }) => {
    const refused = await given.issue({
      kind: 'join-token',
      token: change(await given.joinToken()),
    })
    expect(refused).toEqual(await given.issue({ kind: 'join-token', token: 'jt1.x' }))
    expect(codeOf(refused)).toBe('evidence.not-accepted')
  })

  it('has a secret that is nowhere in the store', async () => {
    const token = await given.joinToken()
    const [, id = '', secret = ''] = token.split('.')
    const stored = JSON.stringify(await given.instance.store.joinTokens.find(id))
    expect(stored).not.toContain(secret)
    expect(stored).not.toContain(Buffer.from(secret, 'base64url').toString('hex'))
  })
})

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const nextCharacter = (character: string): string => BASE64URL[BASE64URL.indexOf(character) + 1]!

describe('a challenge', () => {
  const answering = (nonce: string): Uint8Array =>
    csr({ attributes: [attribute(CHALLENGE_PASSWORD, utf8String(nonce))] })

  it('is answered once, by a CSR that carries its nonce under its own signature', async () => {
    const { id, nonce } = valueOf(await given.instance.operations.createChallenge(context()))
    const request = { csr: answering(nonce), challenge: id }
    expect((await given.issueToPod('web', request)).ok).toBe(true)
    expect(codeOf(await given.issueToPod('web', request))).toBe('challenge.spent')
    expect(await issuedNow()).toBe(1)
  })

  it('is not answered by another nonce, by none, or too late', async () => {
    const { id, nonce } = valueOf(await given.instance.operations.createChallenge(context()))
    for (const shown of [answering(`${nonce}x`), csr()]) {
      const answer = await given.issueToPod('web', { csr: shown, challenge: id })
      expect(codeOf(answer)).toBe('challenge.spent')
    }
    given.clock.advance(minutes(5))
    const late = await given.issueToPod('web', { csr: answering(nonce), challenge: id })
    expect(codeOf(late)).toBe('challenge.spent')
    expect(await issuedNow()).toBe(0)
  })
})

describe('when the ledger cannot write', () => {
  it('no certificate leaves, and the token stays good', async () => {
    const token = await given.joinToken()
    await given.reopen()
    const { ledger } = given.instance.store
    const append = ledger.append.bind(ledger)
    Object.assign(ledger, {
      append: () => Promise.reject(new DependencyError('store', 'the disk is full')),
    })
    await expect(given.issue({ kind: 'join-token', token })).rejects.toThrow(DependencyError)
    Object.assign(ledger, { append })
    expect(await issuedNow()).toBe(0)
    expect((await given.issue({ kind: 'join-token', token })).ok).toBe(true)
  })
})
