import { beforeAll, describe, expect, it } from '@jest/globals'
import { leafClaims } from '../../src/ca/leaf-claims.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import {
  CLOCK_TOLERANCE,
  hours,
  LEAF_BACKDATE,
  minutes,
  plus,
  unixSeconds,
} from '../../src/core/time.js'
import { sha256Hex, type Uid } from '../../src/core/uid.js'
import type { Issued as IssuedLeaf } from '../../src/issuance/issue-leaf.js'
import { allowedThen, GRANT_LAG } from '../../src/namespace/allowed-then.js'
import type { Entry } from '../../src/namespace/entry.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { foldOn } from '../../src/namespace/fold-on.js'
import { issuanceRecordOf, parseIssuanceRecord } from '../../src/namespace/issuance-record.js'
import type { CertificateClaims, IssuedThen } from '../../src/namespace/not-allowed.js'
import type { IndexState } from '../../src/namespace/state.js'
import { StateView } from '../../src/namespace/state-view.js'
import { csr, ed25519, signatureOids, spkiOf } from '../csr/make-csr.js'
import { GivenCapstan } from '../monitor/given-capstan.js'
import { owner, valueOf } from './given-index.js'

let given: GivenCapstan
let leaf: IssuedLeaf
let honest: IssuedThen & { certificate: NonNullable<IssuedThen['certificate']> }

beforeAll(async () => {
  given = await GivenCapstan.founded({ op: 'entry.create', alias: 'shop/db', owner })
  leaf = await given.mustIssue()
  honest = issuedThen(leaf)
})

function issuedThen({ record, leaf: der }: Pick<IssuedLeaf, 'record' | 'leaf'>): typeof honest {
  const claims = valueOf(leafClaims(der))
  const read = valueOf(parseIssuanceRecord(issuanceRecordOf(record)))
  return { record: read, certificate: { der, claims }, evidence: record.evidence }
}

/** The index as it was. */
async function stateAt(size: number): Promise<IndexState> {
  const state = new FoldedState()
  const pace = (): undefined => undefined
  valueOf(await foldOn(given.store.index, state, { size, total: size, pace }))
  return state
}

const then = (): Promise<IndexState> => stateAt(honest.record.size!)
const judged = async (issued: IssuedThen, state?: IndexState): Promise<string> =>
  allowedThen(state ?? (await then()), issued)?.reason ?? 'allowed'

/** With another record: what the certificate says stays. */
const recorded = (over: Partial<IssuedThen['record']>): IssuedThen => ({
  ...honest,
  record: { ...honest.record, ...over },
})
/** With another certificate: the record is of just these octets. */
const saying = (over: Partial<CertificateClaims>): IssuedThen => ({
  ...honest,
  record: { ...honest.record, ...(over.notAfter !== undefined && { notAfter: over.notAfter }) },
  certificate: { ...honest.certificate, claims: { ...honest.certificate.claims!, ...over } },
})
const attested = (evidence: string): IssuedThen => ({
  ...recorded({ attestation: sha256Hex(evidence) }),
  evidence,
})
const renewalFacts = (over: object): string => {
  const { entry, binding, serial, notAfter } = honest.record
  const parent = { parentSerial: serial, parentNotAfter: notAfter }
  return canonicalize({ kind: 'renewal', entry, binding, ...parent, ...over })
}
const k8sFacts = (over: object): string =>
  canonicalize({ ...JSON.parse(honest.evidence!), ...over })

describe('a certificate was allowed by the index of its moment', () => {
  it('as the issuing path made it', async () => {
    expect(await judged(honest)).toBe('allowed')
    expect(await judged({ record: honest.record })).toBe('allowed')
  })

  it('whatever was decided since', async () => {
    const before = await then()
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    expect(await judged(honest, before)).toBe('allowed')
    expect(await judged(honest)).toBe('allowed')
    await given.did({ op: 'entry.reactivate', alias: 'shop/web' })
  })

  it('with a join token, and by renewal', async () => {
    const entry = given.index.state.entryByAlias('shop/db' as never)!.uid
    const token = issuedThen(
      await given.mustIssue({ kind: 'join-token', entry, tokenId: 't1' }, { csr: csr() }),
    )
    const state = await stateAt(token.record.size!)
    expect(await judged(token, state)).toBe('allowed')
    const { serial: parentSerial, notAfter: parentNotAfter } = token.record
    const renewal = { kind: 'renewal', entry, binding: null, parentSerial, parentNotAfter } as const
    expect(await judged(issuedThen(await given.mustIssue(renewal)), state)).toBe('allowed')
  })

  it('is a question to the index of that moment alone', async () => {
    const state = await stateAt(honest.record.size! - 1)
    expect(() => allowedThen(state, honest)).toThrow(RangeError)
  })
})

describe('no certificate is allowed', () => {
  it.each<[why: string, reason: string, issued: () => IssuedThen]>([
    [
      'of an entry that there is not',
      'unknown-entry',
      () => recorded({ entry: `e${'a'.repeat(31)}` as Uid }),
    ],
    ['of another revision', 'other-revision', () => recorded({ rev: honest.record.rev + 1 })],
    [
      'by a binding that the entry has not',
      'unknown-binding',
      () => recorded({ binding: `b${'a'.repeat(12)}` }),
    ],
    [
      'under another policy digest',
      'policy-digest',
      () => recorded({ policyDigest: 'ab'.repeat(32) }),
    ],
    [
      'whose record is of other octets',
      'other-certificate',
      () => recorded({ certificate: 'ab'.repeat(32) }),
    ],
    [
      'whose record has another serial',
      'other-certificate',
      () => recorded({ serial: '4f'.repeat(16) as never }),
    ],
    [
      'whose record has another end',
      'other-certificate',
      () => recorded({ notAfter: unixSeconds(honest.record.notAfter + 1) }),
    ],
    [
      'that is no certificate',
      'not-a-leaf',
      () => ({ ...honest, certificate: { ...honest.certificate, claims: undefined } }),
    ],
    ['that may sign others', 'not-a-leaf', () => saying({ isMoreThanLeaf: true })],
    [
      'with a wider name',
      'names',
      () =>
        saying({
          names: [...honest.certificate.claims!.names, { kind: 'dns', value: 'db.example' }],
        }),
    ],
    [
      'with another name',
      'names',
      () => saying({ names: [{ kind: 'uri', value: 'spiffe://acme.example/shop/db' }] }),
    ],
    [
      'with its names in another order',
      'names',
      () => saying({ names: honest.certificate.claims!.names.toReversed() }),
    ],
    [
      'that lasts longer',
      'lifetime',
      () => saying({ notAfter: plus(honest.record.notAfter, minutes(1)) }),
    ],
    [
      'that begins earlier',
      'lifetime',
      () => saying({ notBefore: unixSeconds(honest.certificate.claims!.notBefore - 1) }),
    ],
    [
      'with a kind of key that is not allowed',
      'key-algorithm',
      () => saying({ keyAlgorithm: 'RSA' }),
    ],
    [
      'with a key that no leaf may carry',
      'key-algorithm',
      () => saying({ keyAlgorithm: undefined }),
    ],
    ['with another usage', 'usages', () => saying({ usages: ['serverAuth', '1.3.6.1.5.5.7.3.3'] })],
    ['of another subject', 'subject', () => saying({ subject: `UID=e${'a'.repeat(31)}` })],
    [
      'with another identity',
      'identity',
      () =>
        saying({ identity: honest.certificate.claims!.identity!.replace('"rev":1', '"rev":2') }),
    ],
    ['without an identity', 'identity', () => saying({ identity: undefined })],
    ['on other facts than were recorded', 'evidence', () => ({ ...honest, evidence: '{}' })],
    [
      'on facts that fit, and are not those that were recorded',
      'evidence',
      () => ({ ...honest, evidence: k8sFacts({ podName: 'web-2' }) }),
    ],
    [
      'by renewal of a certificate of another entry',
      'evidence',
      () => attested(renewalFacts({ entry: `e${'a'.repeat(31)}` })),
    ],
    [
      'by renewal of a certificate of another binding',
      'evidence',
      () => attested(renewalFacts({ binding: null })),
    ],
    [
      'on facts of another service account',
      'evidence',
      () => attested(k8sFacts({ serviceAccount: 'db' })),
    ],
    ['on facts of another namespace', 'evidence', () => attested(k8sFacts({ namespace: 'bank' }))],
    ['on facts of another cluster', 'evidence', () => attested(k8sFacts({ cluster: 'c1' }))],
    ['on facts of no kind', 'evidence', () => attested('{"kind":"self"}')],
    [
      'on a join token where a binding is named',
      'evidence',
      () =>
        attested(canonicalize({ kind: 'join-token', entry: honest.record.entry, tokenId: 't' })),
    ],
    ['on what are no facts', 'evidence', () => attested('[1]')],
    ['without an entry, with a name of a workload', 'server-leaf', () => nobody({})],
    [
      'without an entry, with a SPIFFE ID',
      'server-leaf',
      () => nobody({ names: [{ kind: 'uri', value: 'spiffe://acme.example/shop/db' }] }),
    ],
    [
      'without an entry, for a client',
      'server-leaf',
      () => nobody({ ...host, usages: ['serverAuth', 'clientAuth'] }),
    ],
    ['without an entry, with a subject', 'server-leaf', () => nobody({ ...host, subject: 'CN=x' })],
    [
      'without an entry, with an identity',
      'server-leaf',
      () => nobody({ ...host, identity: '{}' }),
    ],
  ])('%s', async (_why, reason, issued) => {
    expect(await judged(issued())).toBe(reason)
  })

  const host = { names: [{ kind: 'dns', value: 'ca.example' }] }
  function nobody(over: Partial<CertificateClaims>): IssuedThen {
    const { entry: _entry, ...record } = honest.record
    const server = { subject: '', identity: undefined, usages: ['serverAuth'] }
    const { certificate } = saying({ ...server, ...over })
    return {
      record: { ...record, entry: null, binding: null, policyDigest: null, rev: 0, size: null },
      ...(certificate && { certificate }),
    }
  }

  it('but one of the CA itself, of host names and of the identity service', async () => {
    const service = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'
    expect(await judged(nobody(host))).toBe('allowed')
    const names = [
      { kind: 'ip', value: '::1' },
      { kind: 'dns', value: service },
    ]
    expect(await judged(nobody({ names }))).toBe('allowed')
    const other = [
      { kind: 'dns', value: service.replace('linkerd-identity.linkerd', 'linkerd-identity.shop') },
    ]
    expect(await judged(nobody({ names: other }))).toBe('server-leaf')
  })

  it.each(['Web.shop.serviceaccount.Identity.linkerd.acme', 'DB.ENTRY.IDENTITY.acme', '*.acme'])(
    'of nobody with the name %s, which a verifier may take for another (attack 65)',
    async (value) => {
      expect(await judged(nobody({ names: [{ kind: 'dns', value }] }))).toBe('server-leaf')
    },
  )

  it('of nobody that lasts longer than any leaf, or has a key that none may have', async () => {
    const { notBefore } = honest.certificate.claims!
    const longest = 86_400 + LEAF_BACKDATE
    const until = (lasts: number) => ({ ...host, notAfter: unixSeconds(notBefore + lasts - 1) })
    const lasting = (lasts: number): IssuedThen => {
      const issued = nobody(until(lasts))
      const { notAfter } = until(lasts)
      return { ...issued, record: { ...issued.record, notAfter } }
    }
    expect(await judged(lasting(longest))).toBe('allowed')
    expect(await judged(lasting(longest + 1))).toBe('server-leaf')
    expect(await judged(nobody({ ...host, keyAlgorithm: undefined }))).toBe('server-leaf')
  })

  it('that begins later than it was seen', async () => {
    const { notBefore } = honest.certificate.claims!
    const seenAt = unixSeconds(notBefore - CLOCK_TOLERANCE)
    expect(await judged({ ...honest, seenAt })).toBe('allowed')
    const sooner = unixSeconds(seenAt - 1)
    expect(await judged({ ...honest, seenAt: sooner })).toBe('not-yet')
    expect(await judged({ ...nobody(host), seenAt: sooner })).toBe('not-yet')
  })

  it('on an index that was replaced long before it was recorded', async () => {
    const { notBefore } = honest.certificate.claims!
    const recordedAfter = unixSeconds(notBefore + GRANT_LAG)
    const replacedAt = notBefore
    expect(await judged({ ...honest, replacedAt, recordedAfter })).toBe('allowed')
    const later = unixSeconds(recordedAfter + 1)
    expect(await judged({ ...honest, replacedAt, recordedAfter: later })).toBe('replaced-index')
  })

  it('on a state in the middle of changes that are made together', async () => {
    const state = await then()
    const { tables, meta } = state.source
    const within = new StateView({ tables, meta: { ...meta, unfinished: `pr${'a'.repeat(40)}` } })
    expect(await judged(honest, within)).toBe('no-such-state')
  })

  it('but renewed by the same binding', async () => {
    expect(await judged(attested(renewalFacts({})))).toBe('allowed')
  })

  it('on an index that was replaced long before it begins', async () => {
    const { notBefore } = honest.certificate.claims!
    const replacedAt = unixSeconds(notBefore - GRANT_LAG)
    expect(await judged({ ...honest, replacedAt })).toBe('allowed')
    const earlier = unixSeconds(replacedAt - 1)
    expect(await judged({ ...honest, replacedAt: earlier })).toBe('replaced-index')
  })
})

describe('the index of the moment decides', () => {
  /** What the honest record says, as if it had been granted on the index of now. */
  async function now(issued: IssuedThen = honest): Promise<string> {
    const { state } = given.index
    const { rev } = state.entries.get(honest.record.entry!)!
    return judged({ ...issued, record: { ...issued.record, size: state.size, rev } }, state)
  }

  it('not while the entry is suspended', async () => {
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    expect(await now()).toBe('not-active')
    await given.did({ op: 'entry.reactivate', alias: 'shop/web' })
  })

  it('not while a scope above it is suspended', async () => {
    await given.did({ op: 'scope.suspend', alias: 'shop' })
    expect(await now()).toBe('not-active')
    await given.did({ op: 'scope.reactivate', alias: 'shop' })
  })

  it('not by a narrowed envelope', async () => {
    await given.did({
      op: 'envelope.set',
      alias: 'shop/web',
      envelope: { attestors: ['join-token'] },
    })
    expect(await now()).toBe('not-admitted')
    await given.did({
      op: 'envelope.set',
      alias: 'shop/web',
      envelope: { attestors: ['join-token', 'kubernetes'], maxTtl: 600 },
    })
    expect(await now()).toBe('policy-digest')
  })

  it('not beyond the end of the entry', async () => {
    const { state } = given.index
    const entry = state.entries.get(honest.record.entry!)!
    const validUntil = honest.record.notAfter
    const ending = new FoldedState(state.source)
    ending.imagine({ put: { ...entry, validUntil }, quarantine: [] })
    const record = { ...honest.record, size: state.size, rev: entry.rev }
    expect(await judged({ ...honest, record }, ending)).toBe('expired-entry')
  })

  it('by an emergency grant that lasts longer, and not beyond its end', async () => {
    const { state } = given.index
    const entry = state.entries.get(honest.record.entry!)!
    const { notAfter } = honest.record
    const record = { ...honest.record, size: state.size, rev: entry.rev }
    const under = async (until: number, over: Partial<Entry> = {}): Promise<string> => {
      const helped = new FoldedState(state.source)
      const emergency = { grant: 'oncall', until: unixSeconds(until) }
      const put = { ...entry, state: 'suspended' as const, emergency, ...over }
      helped.imagine({ put, quarantine: [] })
      return judged({ record }, helped)
    }
    expect(await under(notAfter + 1)).not.toBe('not-active')
    expect(await under(notAfter)).toBe('not-active')
    expect(await under(notAfter + 1, { state: 'retiring' })).toBe('not-active')
  })

  it('not while a brake is on it, to the second in which it may have been issued', async () => {
    valueOf(await given.index.brake({ alias: 'shop/web', ttl: 3600, reason: 'seen elsewhere' }))
    expect(await now()).toBe('braked')
    const { until } = given.index.state.entries.get(honest.record.entry!)!.brake!
    const from = (notBefore: number): IssuedThen =>
      saying({ notBefore: unixSeconds(notBefore), notAfter: unixSeconds(notBefore + 3600) })
    expect(await now(from(until - LEAF_BACKDATE - 1))).toBe('braked')
    expect(await now(from(until - LEAF_BACKDATE))).not.toBe('braked')
    given.clock.advance(hours(2))
  })
})

it('reads the kind of key that a certificate carries', async () => {
  const asked = csr({ spki: spkiOf(ed25519) }, { key: ed25519, algorithm: signatureOids.ed25519 })
  await given.did({ op: 'envelope.set', alias: 'shop/web', envelope: { keyAlgs: ['Ed25519'] } })
  const issued = issuedThen(await given.mustIssue(undefined, { csr: asked }))
  expect(issued.certificate.claims?.keyAlgorithm).toBe('Ed25519')
  expect(await judged(issued, given.index.state)).toBe('allowed')
})
