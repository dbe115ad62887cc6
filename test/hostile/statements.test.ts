import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../src/core/canonical-json.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { open, type PayloadType, payloadTypes, preAuthEncoding } from '../../src/namespace/dsse.js'
import { deliberationRecord } from '../../src/namespace/log-record.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import type { Operation } from '../../src/namespace/operation.js'
import { type GivenGroup, givenGroup, threeVoters } from '../namespace/given-group.js'
import { codeOf, owner, valueOf } from '../namespace/given-index.js'
import { handSigned } from '../namespace/given-proposal.js'
import { TestVoter } from '../support/voters.js'
import { replaysTheSame } from '../namespace/replays-the-same.js'

const entry = { op: 'entry.create', alias: 'payments/api', owner } as const

interface Written {
  readonly payload: string
  readonly payloadType: string
  readonly signatures: readonly [{ readonly sig: string }]
}

const written = (envelope: Uint8Array): Written =>
  JSON.parse(Buffer.from(envelope).toString()) as Written

const payloadOf = (envelope: Uint8Array): string =>
  Buffer.from(written(envelope).payload, 'base64').toString()

/** Signs a payload as it stands, whatever it is. */
function sealed(by: TestVoter, payloadType: PayloadType, text: string): Uint8Array {
  const payload = Buffer.from(text)
  const sig = by.signature(preAuthEncoding(payloadType, payload)).toString('base64')
  return Buffer.from(
    canonicalize({ payload: payload.toString('base64'), payloadType, signatures: [{ sig }] }),
  )
}

/** The order of P-256 (SEC 2 section 2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The same envelope with (r, n - s) in the place of (r, s): a signature of the same key as well. */
function twinOf(envelope: Uint8Array): Uint8Array {
  const { signatures, ...rest } = written(envelope)
  const signature = Buffer.from(signatures[0].sig, 'base64')
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`)
  const other = Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex')
  const sig = Buffer.concat([signature.subarray(0, 32), other]).toString('base64')
  return Buffer.from(canonicalize({ ...rest, signatures: [{ sig }] }))
}

describe('the other half of an ECDSA signature', () => {
  it('is as good as the first, and no second vote (attack 4)', async () => {
    const given = await givenGroup()
    const [one, two] = [
      await given.proposed(entry),
      await given.proposed({ ...entry, alias: 'shop/web' }),
    ]
    const vote = given.bob.vote(one, 'approve', given.now())
    expect(open(twinOf(vote))?.digest).toBe(open(vote)?.digest)
    valueOf(await given.index.submit([twinOf(given.bob.vote(two, 'approve', given.now()))]))
    valueOf(await given.index.submit([vote]))
    expect(codeOf(await given.index.submit([twinOf(vote)]))).toBe('namespace.duplicate')
    expect((await given.proposal(one.id)).open?.sides?.present).toMatchObject({
      yes: 100,
      controllers: 1,
    })
  })

  it('is no evidence against whoever signed one vote (attack 4)', async () => {
    const given = await givenGroup()
    const vote = given.bob.vote(await given.proposed(entry), 'approve', given.now())
    expect(codeOf(await given.index.submit([vote, twinOf(vote)]))).toBe('namespace.malformed')
  })
})

/** A vote whose base64 has characters that the two alphabets write differently. */
function voteWithBoth(by: TestVoter, proposal: ProposalView, given: GivenGroup): Uint8Array {
  for (let seq = 1; ; seq += 1) {
    const vote = by.vote(proposal, 'approve', given.now(), { seq })
    if (/[+/]/.test(written(vote).signatures[0].sig)) return vote
  }
}

/** Of 64 octets the last character of base64 holds four bits that say nothing. */
const idleBits = (sig: string): string => sig.replace(/.==$/, (end) => `${next(end)}==`)
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const next = (end: string): string => ALPHABET.charAt(ALPHABET.indexOf(end.charAt(0)) + 1)

const respellings: readonly (readonly [string, (envelope: Written) => unknown])[] = [
  ['the other alphabet of base64', respelled((sig) => base64url(sig))],
  ['base64 without padding', respelled((sig) => sig.replace(/=+$/, ''))],
  ['white space in base64', respelled((sig) => `${sig.slice(0, 4)}\n${sig.slice(4)}`)],
  ['bits that decode to nothing', respelled(idleBits)],
  [
    'a member beside the signature',
    ({ signatures: [one], ...rest }) => ({
      ...rest,
      signatures: [{ keyid: 'zoe', ...one }],
    }),
  ],
  ['a member beside the payload', (envelope) => ({ ...envelope, keyid: 'zoe' })],
]

function respelled(of: (sig: string) => string): (envelope: Written) => unknown {
  return ({ signatures, ...rest }) => ({ ...rest, signatures: [{ sig: of(signatures[0].sig) }] })
}

const base64url = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_')

describe('an envelope', () => {
  it.each(respellings)('has one spelling, and not one with %s (attack 5)', async (_, change) => {
    const given = await givenGroup()
    const vote = voteWithBoth(given.ann, await given.proposed(entry), given)
    const other = Buffer.from(canonicalize(change(written(vote))))
    expect(other).not.toEqual(vote)
    const { size } = given.index.state
    expect(codeOf(await given.index.submit([other]))).toBe('namespace.bad-canonical')
    expect(given.index.state.size).toBe(size)
    expect(codeOf(await given.index.submit([vote]))).toBe('ok')
  })

  it('is signed together with the kind of statement that it says (attack 6)', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const vote = payloadOf(given.ann.vote(proposal, 'approve', given.now()))
    for (const kind of [payloadTypes.enrolment, payloadTypes.withdrawal, payloadTypes.brake]) {
      const signed = written(sealed(given.ann, kind, vote))
      const relabelled = canonicalize({ ...signed, payloadType: payloadTypes.vote })
      expect(codeOf(await given.index.submit([Buffer.from(relabelled)]))).toBe(
        'namespace.bad-signature',
      )
    }
  })

  it('is read as the kind of statement that was signed, by whoever reads the log (attack 6)', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const vote = payloadOf(given.ann.vote(proposal, 'approve', given.now()))
    const signed = sealed(given.ann, payloadTypes.withdrawal, vote)
    const draft = new DraftLog(given.store.state)
    const record = deliberationRecord(draft.state, {
      kind: 'vote',
      at: given.now(),
      subject: proposal.proposal!.subject,
      prop: proposal.digest,
      says: open(signed)!.digest,
    })
    expect(codeOf(draft.add(record, [signed]))).toBe('namespace.malformed')
  })
})

describe('a statement', () => {
  it.each<[string, (text: string) => string]>([
    ['a member twice', (text) => text.replace('"decision":', '"decision":"reject","decision":')],
    ['a number in another spelling', (text) => text.replace('"seq":1', '"seq":1e0')],
    ['a fraction of nothing', (text) => text.replace('"seq":1', '"seq":1.0')],
    ['a lone surrogate', (text) => text.replace(/"name":"[^"]*"/, String.raw`"name":"\ud800"`)],
    ['a member of every object', (text) => text.replace('{', '{"__proto__":{"seq":2},')],
    ['white space', (text) => text.replace(',', ', ')],
    ['a byte order mark', (text) => `\ufeff${text}`],
  ])('is not read with %s, though its voter signed it (attack 7)', async (_, change) => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const vote = payloadOf(given.ann.vote(proposal, 'approve', given.now()))
    expect(change(vote)).not.toBe(vote)
    const changed = sealed(given.ann, payloadTypes.vote, change(vote))
    expect(codeOf(await given.index.submit([changed]))).toBe('namespace.malformed')
    const whole = sealed(given.ann, payloadTypes.vote, vote)
    expect(codeOf(await given.index.submit([whole]))).toBe('ok')
  })
})

describe('an approval that is kept for later', () => {
  const relabel = (given: GivenGroup): Operation => {
    const { alias, uid } = given.entry('payments/api')
    return { op: 'entry.update', subject: { alias, uid }, body: { labels: { tier: '1' } } }
  }

  it('is of one revision, and not of a later one that has the same content (attack 11)', async () => {
    const given = await givenGroup({}, entry)
    const { index, ann, bob, cyd } = given
    const opened = handSigned(index.state, cyd, relabel(given), { at: given.now(), reads: [] })
    const proposal = valueOf(await index.submit([opened])).proposal
    const approvals = [ann, bob].map((voter) => voter.vote(proposal, 'approve', given.now()))
    const [first, second] = approvals
    valueOf(await index.submit([first!]))
    const suspension = await given.proposed({ op: 'entry.suspend', alias: 'payments/api' })
    await given.votes(cyd, suspension)
    await given.agreed({ op: 'entry.reactivate', alias: 'payments/api' })
    expect(given.entry('payments/api')).toMatchObject({ rev: 3, state: 'active', labels: {} })
    expect(codeOf(await index.submit([second!]))).toBe('namespace.closed')
    expect(codeOf(await index.submit([first!]))).toBe('namespace.closed')
    expect(codeOf(await index.submit([opened]))).toBe('namespace.stale-base')
    expect(given.entry('payments/api').labels).toEqual({})
    await replaysTheSame(given)
  })

  it('is of the group in which it was asked for, and of none without those who objected (attack 13)', async () => {
    const given = await givenGroup({}, entry)
    const { index, ann, bob } = given
    const opened = handSigned(index.state, ann, relabel(given), { at: given.now(), reads: [] })
    const proposal = valueOf(await index.submit([opened])).proposal
    const stash = [ann, bob].map((voter) => voter.vote(proposal, 'approve', given.now()))
    await given.votes(given.cyd, proposal, 'reject')
    // Somebody else takes the place of who was against it.
    const group = threeVoters(given, [ann, bob, new TestVoter('dan')])
    await given.agreed({ op: 'group.set', alias: '', group })
    for (const vote of stash) expect(codeOf(await index.submit([vote]))).toBe('namespace.closed')
    expect(given.entry('payments/api').labels).toEqual({})
    await replaysTheSame(given)
  })
})

describe('a proposal', () => {
  it('for one index is nothing in another with the same voters (attack 14)', async () => {
    const given = await givenGroup({}, entry)
    const { alias, uid } = given.entry('payments/api')
    const operation = { op: 'entry.suspend', subject: { alias, uid }, body: {} } as const
    const elsewhere = { at: given.now(), index: 'f'.repeat(64) }
    const foreign = handSigned(given.index.state, given.ann, operation, elsewhere)
    expect(codeOf(await given.index.submit([foreign]))).toBe('namespace.wrong-index')
    const own = handSigned(given.index.state, given.ann, operation, { at: given.now() })
    expect(codeOf(await given.index.submit([own]))).toBe('ok')
  })

  it('takes the votes for what it does, whatever it says of itself (attack 26)', async () => {
    const narrow = { ...entry, envelope: { maxTtl: 600 } }
    const given = await givenGroup({}, narrow)
    const { alias, uid, envelope } = given.entry('payments/api')
    const wider = { ...envelope, maxTtl: 3600 }
    const operation = {
      op: 'envelope.set',
      subject: { alias, uid },
      body: { envelope: wider },
    } as const
    const { state } = given.index
    const said = { at: given.now(), class: 'narrowing' }
    const labelled = handSigned(state, given.ann, operation, said)
    expect(codeOf(await given.index.submit([labelled]))).toBe('namespace.malformed')
    const named = { at: given.now(), reason: 'narrowing: takes a capability away' }
    const bare = handSigned(state, given.ann, operation, named)
    const { proposal } = valueOf(await given.index.submit([bare]))
    expect(proposal.open?.class).toBe('sensitive')
    // One voter may narrow, and no one voter may widen.
    expect((await given.votes(given.cyd, proposal)).proposal.standing).toBe('open')
    expect(given.entry('payments/api').envelope.maxTtl).toBe(600)
    await replaysTheSame(given)
  })
})
