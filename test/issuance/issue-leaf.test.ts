import { beforeEach, describe, expect, it } from '@jest/globals'
import type { AttestedFacts, RenewalFacts } from '../../src/attestation/facts.js'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { ok, refuse, type Result } from '../../src/core/result.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { hours, minutes, plus } from '../../src/core/time.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import { InFlight } from '../../src/issuance/in-flight.js'
import {
  type Issued as IssuedLeaf,
  type IssueDeps,
  issueLeafWith,
  type IssueRequest,
} from '../../src/issuance/issue-leaf.js'
import { standing } from '../../src/namespace/grant.js'
import { valueOf } from '../ca/given-authorities.js'
import { altNames, csr, dns, ed25519, extensionRequest, spkiOf } from '../csr/make-csr.js'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'
import { Issued } from './given-issued.js'

const random = countedRandom('issue-leaf')
const spiffeId = 'spiffe://acme.example/shop/web'
let given: Issued
let governed: GivenIndex
let facts: AttestedFacts
let deps: IssueDeps
/** The stages that are over, and who was asked meanwhile, in that order. */
let heard: string[]

beforeEach(async () => {
  given = await Issued.open()
  governed = await givenIndex(
    { op: 'scope.create', alias: 'shop' },
    { op: 'entry.create', alias: 'shop/web', owner },
  )
  heard = []
  facts = { kind: 'join-token', entry: governed.entry('shop/web').uid, tokenId: 't1' }
  deps = {
    csrs: { verify: verifyCsr, remember: () => undefined },
    attest: () => {
      heard.push('asked who it is')
      return Promise.resolve(ok({ facts, spends: [] }))
    },
    index: governed.index,
    standingOf: standing,
    inFlight: new InFlight(given.ledger),
    issuer: () => ok(given.hierarchy.issuer),
    record: (entry, spends) => {
      heard.push('asked to record')
      return given.ledger.append(entry, spends)
    },
    challenges: given.store.challenges,
    clock: governed.clock,
    random,
    stopwatch: () => (stage) => void heard.push(stage),
  }
})

const issue = (
  request: Partial<IssueRequest> = {},
  over: Partial<IssueDeps> = {},
): Promise<Result<IssuedLeaf>> =>
  issueLeafWith({ ...deps, ...over })({
    csr: csr(),
    evidence: { kind: 'join-token', token: '' },
    requestId: 'r1',
    caller: new AbortController(),
    ...request,
  })

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('issueLeaf', () => {
  it('issues in its stages, and tells when each is over', async () => {
    const { record, leaf } = valueOf(await issue())
    expect(heard).toEqual([
      ...['verify', 'asked who it is', 'attest', 'grant', 'sign', 'asked to record', 'record'],
    ])
    expect(valueOf(certificateFacts(leaf)).subjectAltNames).toContainEqual({
      kind: 'uri',
      value: spiffeId,
    })
    expect(record).toMatchObject({ alias: 'shop/web', parentSerial: null, requestId: 'r1' })
    expect(await given.ledger.find(record.serial)).toMatchObject({ certificate: leaf })
  })

  it('gives the lifetime that is asked for', async () => {
    const { record } = valueOf(await issue({ ttl: minutes(10) }))
    expect(record.notAfter).toBe(T0 + minutes(10) - 1)
  })

  it('finds out again who it is when the index changed meanwhile', async () => {
    let left = 4
    const record: IssueDeps['record'] = (entry, spends) => {
      left -= 1
      return left >= 0 ? Promise.resolve('stale') : given.ledger.append(entry, spends)
    }
    expect(await issue({}, { record })).toMatchObject({ ok: true })
    expect(heard.filter((what) => what === 'asked who it is')).toHaveLength(5)
  })

  it('gives up when the index changes five times', async () => {
    await expect(issue({}, { record: () => Promise.resolve('stale') })).rejects.toThrow(
      DependencyError,
    )
    expect(heard.filter((what) => what === 'asked who it is')).toHaveLength(5)
  })

  it('waits while the entry is changed, and goes by what it is then', async () => {
    const { uid } = governed.entry('shop/web')
    await deps.inFlight.freeze(uid)
    const issued = issue()
    await settle()
    expect(heard).not.toContain('sign')
    await governed.did({ op: 'entry.suspend', alias: 'shop/web' })
    deps.inFlight.thaw(uid)
    expect(await issued).toMatchObject({ refusal: { code: 'grant.not-active' } })
  })

  it('lets the entry be changed once it is done, however it ended', async () => {
    const { uid } = governed.entry('shop/web')
    await issue()
    await issue({ identity: 'other.example' })
    await expect(issue({}, { record: () => Promise.reject(new Error('down')) })).rejects.toThrow()
    expect(await deps.inFlight.freeze(uid)).toBeDefined()
  })
})

describe('issueLeaf refuses', () => {
  it('another identity than the names granted, and repeats 300 characters of it', async () => {
    const refused = await issue({ identity: 'x'.repeat(5000) })
    expect(refused).toMatchObject({
      refusal: { code: 'grant.other-identity', found: 'x'.repeat(300) },
    })
    expect(refused.ok || refused.refusal.wanted?.split(', ')).toContain(spiffeId)
    expect(heard).not.toContain('sign')
  })

  it('a kind of key that the entry does not allow', async () => {
    const request = csr({ spki: spkiOf(ed25519) }, { key: ed25519, algorithm: '1.3.101.112' })
    const envelope = { keyAlgs: ['P-256', 'P-384'] } as const
    await governed.did({ op: 'envelope.set', alias: 'shop/web', envelope })
    expect(await issue({ csr: request })).toMatchObject({
      refusal: { code: 'csr.key-not-allowed', wanted: 'P-256, P-384', found: 'Ed25519' },
    })
  })

  it('a renewal that comes in time and asks for more', async () => {
    const renewal: RenewalFacts = {
      ...{ kind: 'renewal', entry: governed.entry('shop/web').uid, binding: null },
      ...{ parentSerial: '0f'.repeat(16) as SerialNumber, parentNotAfter: plus(T0, hours(1)) },
    }
    facts = renewal
    const more = csr({ attributes: [extensionRequest(altNames(dns('other.example')))] })
    expect(await issue({ csr: more })).toMatchObject({ refusal: { code: 'csr.other-names' } })
    expect(valueOf(await issue()).record.parentSerial).toBe(renewal.parentSerial)
  })

  it('attack 342: remembers a CSR once a certificate was issued for it, and no other', async () => {
    const remembered: Uint8Array[] = []
    const remember = (der: Uint8Array): void => void remembered.push(der)
    const csrs = { verify: verifyCsr, remember }
    const der = csr()
    expect(await issue({ csr: der, identity: 'other.example' }, { csrs })).toMatchObject({
      refusal: { code: 'grant.other-identity' },
    })
    const refused = refuse('token.malformed', 'it is none')
    await issue({ csr: der }, { csrs, attest: () => Promise.resolve(refused) })
    const record = () => Promise.reject(new DependencyError('store', 'down'))
    await expect(issue({ csr: der }, { csrs, record })).rejects.toThrow(DependencyError)
    expect(remembered).toEqual([])
    valueOf(await issue({ csr: der }, { csrs }))
    expect(remembered).toEqual([der])
  })
})
