import { describe, expect, it } from '@jest/globals'
import { days, hours, minutes, plus, type Seconds } from '../../src/core/time.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import type { Operation } from '../../src/namespace/operation.js'
import { type Proposal, proposalId } from '../../src/namespace/statements.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { alias, codeOf, owner, valueOf } from './given-index.js'
import { handSigned } from './given-proposal.js'
import { asked } from './questions/asked.js'

const entry = { op: 'entry.create', alias: 'payments/api', owner } as const
const creation = {
  ...{ op: 'entry.create', subject: { alias: alias('shop/web') } },
  body: { owner, envelope: {}, bindings: [], labels: {} },
} as unknown as Operation

const refusalOf = async (given: GivenGroup, ...envelopes: readonly Uint8Array[]) => {
  const result = await given.index.submit(envelopes)
  if (result.ok) throw new Error('it was taken')
  return result.refusal
}

const proposes = (given: GivenGroup, more: Partial<Proposal> = {}): Uint8Array =>
  handSigned(given.index.state, given.ann, creation, { at: given.now(), ...more })

const withdrawal = (given: GivenGroup, digest: string, more: Record<string, unknown> = {}) =>
  given.ann.envelope(payloadTypes.withdrawal, {
    ...{ v: 1, index: given.index.state.index, proposal: digest, at: given.now() },
    author: { kind: 'voter', id: 'ann' },
    ...more,
  })

describe('what is handed in', () => {
  it('is one statement, or two votes', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const vote = given.ann.vote(proposal, 'approve', given.now())
    const other = Buffer.from('{}')
    for (const envelopes of [[], [other], [vote, other], [other, vote], [vote, vote, vote]]) {
      expect((await refusalOf(given, ...envelopes)).code).toBe('namespace.bad-canonical')
    }
    expect((await refusalOf(given, vote, vote)).code).toBe('namespace.malformed')
    expect(codeOf(await given.index.submit([vote]))).toBe('ok')
  })

  it('is of a kind that people sign, and of its one shape', async () => {
    const given = await givenGroup()
    const { size } = given.index.state
    for (const kind of ['proposal', 'vote', 'withdrawal'] as const) {
      const refusal = await refusalOf(given, given.ann.envelope(payloadTypes[kind], {}))
      expect(refusal).toMatchObject({
        ...{ code: 'namespace.malformed', detail: `this is not a ${kind}` },
        next: 'docs/format-index-log.md says what there is',
      })
    }
    const strange = given.ann.envelope('x'.repeat(101), {})
    expect(await refusalOf(given, strange)).toMatchObject({
      ...{ code: 'namespace.wrong-type', found: JSON.stringify('x'.repeat(100)) },
    })
    expect(given.index.state.size).toBe(size)
  })

  it('is about a proposal that there is, and that waits', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const unknown = 'b'.repeat(64)
    const vote = given.ann.vote({ ...proposal, digest: unknown }, 'approve', given.now())
    for (const envelope of [vote, withdrawal(given, unknown)]) {
      expect(await refusalOf(given, envelope)).toMatchObject({
        ...{ code: 'namespace.unknown', found: proposalId(unknown), next: 'capstan inbox' },
      })
    }
    await given.votes(given.ann, proposal, 'reject')
    await given.votes(given.bob, proposal, 'reject')
    for (const envelope of [
      given.cyd.vote(proposal, 'approve', given.now()),
      withdrawal(given, proposal.digest),
    ]) {
      expect(await refusalOf(given, envelope)).toMatchObject({
        ...{ code: 'namespace.closed', detail: 'the proposal is rejected', found: proposal.id },
      })
    }
  })

  it('is answered with the proposal that it is about, and what came of it', async () => {
    const given = await givenGroup()
    const made = valueOf(await given.index.submit([proposes(given)]))
    expect(made.proposal).toMatchObject({ standing: 'open', proposal: { op: 'entry.create' } })
    expect(made.changes).toEqual([])
    expect('suspended' in made).toBe(false)
    const first = await given.votes(given.ann, made.proposal)
    expect([first.proposal.id, first.changes]).toEqual([made.proposal.id, []])
    const second = await given.votes(given.cyd, made.proposal)
    expect(second.proposal.id).toBe(made.proposal.id)
    expect(second.changes.map(({ op }) => op)).toEqual(['entry.create'])
    const next = await given.proposed(entry)
    const both = (['approve', 'abstain'] as const).map((decision) =>
      given.ann.vote(next, decision, given.now()),
    )
    const proved = valueOf(await given.index.submit(both))
    expect(proved).toMatchObject({ suspended: 'ann', changes: [], proposal: { id: next.id } })
  })
})

describe('a vote that names the impact its voter was shown', () => {
  it('counts for that impact, and for no other', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const { digest } = valueOf(await asked(given).impact(proposal.id))
    const refused = given.ann.vote(proposal, 'approve', given.now(), { impact: 'a'.repeat(64) })
    expect(await refusalOf(given, refused)).toMatchObject({
      ...{ code: 'namespace.impact-differs', wanted: digest, found: 'a'.repeat(64) },
      next: `capstan impact ${proposal.id}, and vote again`,
    })
    expect((await given.proposal(proposal.id)).open?.votes).toEqual([])
    await given.votes(given.ann, proposal, 'approve', { impact: digest })
    expect((await given.proposal(proposal.id)).open?.votes).toMatchObject([{ impact: digest }])
    await given.votes(given.bob, proposal)
    expect((await given.proposal(proposal.id)).standing).toBe('committed')
  })
})

describe('a proposal', () => {
  it.each<[string, Seconds, string]>([
    ['ten minutes', minutes(10), 'ok'],
    ['less than ten minutes', (minutes(10) - 1) as Seconds, 'namespace.malformed'],
    ['thirty days', days(30), 'ok'],
    ['more than thirty days', (days(30) + 1) as Seconds, 'namespace.malformed'],
  ])('waits for %s', async (_, lifetime, code) => {
    const given = await givenGroup()
    const expires = plus(given.now(), lifetime)
    expect(codeOf(await given.index.submit([proposes(given, { expires })]))).toBe(code)
  })

  it('is of its time', async () => {
    const given = await givenGroup()
    const codeFor = async (created: number, expires: number): Promise<string> =>
      codeOf(await given.index.submit([proposes(given, { created, expires } as never)]))
    const now = given.now()
    expect(await codeFor(now - 3600, now - 1)).toBe('namespace.expired')
    expect(await codeFor(now + 121, now + 3600)).toBe('namespace.expired')
    expect(await codeFor(now + 120, now + 3600)).toBe('ok')
  })

  it('is made once', async () => {
    const given = await givenGroup()
    const envelope = proposes(given)
    const { id } = valueOf(await given.index.submit([envelope])).proposal
    expect(await refusalOf(given, envelope)).toMatchObject({
      ...{ code: 'namespace.duplicate', found: id, next: `capstan proposal show ${id}` },
    })
  })

  it('is signed by whom it names, a voter or a proposer', async () => {
    const given = await givenGroup()
    for (const author of [
      { kind: 'voter', id: 'bob' },
      { kind: 'voter', id: 'zoe' },
      { kind: 'proposer', id: 'ann' },
      { kind: 'voter', id: 'local' },
      { kind: 'proposer', id: 'local' },
    ] as const) {
      expect((await refusalOf(given, proposes(given, { author }))).code).toBe(
        'namespace.bad-signature',
      )
    }
    expect(codeOf(await given.index.submit([proposes(given)]))).toBe('ok')
  })

  it('is not made with a body that its operation does not have', async () => {
    const given = await givenGroup()
    const body = { owner: { controller: '' }, envelope: {}, bindings: [], labels: {} } as const
    const missing = { ...creation, body } as unknown as Operation
    const envelope = handSigned(given.index.state, given.ann, missing, { at: given.now() })
    expect((await refusalOf(given, envelope)).code).toBe('namespace.malformed')
  })
})

describe('a withdrawal', () => {
  it('is of a proposal of this index, by its author as it names them', async () => {
    const given = await givenGroup()
    const { digest, id } = valueOf(await given.index.submit([proposes(given)])).proposal
    expect(
      await refusalOf(given, withdrawal(given, digest, { index: 'f'.repeat(64) })),
    ).toMatchObject({ code: 'namespace.unknown', found: id })
    for (const author of [
      { kind: 'proposer', id: 'ann' },
      { kind: 'voter', id: 'bob' },
    ]) {
      expect((await refusalOf(given, withdrawal(given, digest, { author }))).code).toBe(
        'namespace.bad-signature',
      )
    }
    const withdrawn = valueOf(await given.index.submit([withdrawal(given, digest)]))
    expect(withdrawn.proposal).toMatchObject({ id, standing: 'withdrawn' })
    expect(await refusalOf(given, withdrawal(given, digest))).toMatchObject({
      ...{ code: 'namespace.closed', detail: 'the proposal is withdrawn' },
    })
  })

  it('is made of what has passed and waits for its time', async () => {
    const given = await givenGroup({ timelock: { sensitive: hours(1) } })
    const { proposal } = valueOf(await given.index.submit([proposes(given)]))
    await given.votes(given.bob, proposal)
    await given.votes(given.cyd, proposal)
    expect((await given.proposal(proposal.id)).standing).toBe('scheduled')
    valueOf(await given.index.submit([withdrawal(given, proposal.digest)]))
    given.clock.set(plus(given.now(), hours(1)))
    expect(await given.index.settle()).toEqual([])
    expect((await given.proposal(proposal.id)).standing).toBe('withdrawn')
  })
})
