import { beforeAll, describe, expect, it } from '@jest/globals'
import { hours, minus } from '../../../src/core/time.js'
import { MAX_ENVELOPE_BYTES, payloadTypes, statementDigest } from '../../../src/namespace/dsse.js'
import { fitsRecord } from '../../../src/namespace/unsigned-proposal.js'
import { TestVoter } from '../../support/voters.js'
import { type GivenGroup, givenGroup, groupBelow } from '../given-group.js'
import { codeOf, owner, valueOf } from '../given-index.js'

let given: GivenGroup
let terms: object
beforeAll(async () => {
  given = await givenGroup(
    {},
    { op: 'scope.create', alias: 'shop' },
    { op: 'entry.create', alias: 'pay/api', owner },
  )
  const { rev: _rev, ...group } = given.index.state.root.group ?? { rev: 0 }
  await groupBelow(
    given,
    'shop',
    ['dan', 'eve', 'fay'].map((id) => new TestVoter(id)),
  )
  const { rev: _ofShop, ...below } = given.scope('shop').group ?? { rev: 0, ...group }
  terms = below
})

const creation = (alias: string) => ({ op: 'entry.create', alias, owner })
const document = (...names: readonly string[]) => ({
  apiVersion: 'capstan/v1',
  entries: names.map((alias) => ({ alias, owner })),
})

describe('a draft of one change', () => {
  const draft = (change: object, as: string) => given.index.draft({ change }, as)

  it('says who signs it, when, and what it would do', async () => {
    const { by, seen, drafts } = valueOf(await draft(creation('pay/db'), 'ann'))
    expect(by.at).toBe(given.now())
    expect(by.nonce).toMatch(/^[0-9a-f]{32}$/)
    expect(seen.meta.size).toBe(given.index.state.size)
    const [one, ...more] = drafts
    if (!one) throw new Error('nothing is drafted')
    expect(more).toEqual([])
    const { proposal } = one
    expect(one.digest).toBe(statementDigest(payloadTypes.proposal, proposal))
    expect(one.id).toMatch(/^pr/)
    expect(one).toMatchObject({ scope: '', impact: { proposal: one.digest, class: 'sensitive' } })
    expect(one).not.toHaveProperty('waits')
    expect(proposal).toMatchObject({
      ...{ author: { kind: 'voter', id: 'ann' }, created: by.at, nonce: by.nonce },
    })
    expect(proposal).not.toHaveProperty('reason')
    expect(proposal).not.toHaveProperty('ticket')
  })

  it('is of the voters of its scope, with the reason and ticket that were given', async () => {
    const asked = { ...creation('shop/a'), reason: 'spring', ticket: 'T-1' }
    const [one] = valueOf(await draft(asked, 'dan')).drafts
    expect(one?.scope).toBe('shop')
    expect(one?.proposal).toMatchObject({ reason: 'spring', ticket: 'T-1' })
  })

  it('of a group is for its own voters, or those above where they step in', async () => {
    const set = { op: 'group.set', alias: 'shop', group: terms }
    const [own] = valueOf(await draft(set, 'dan')).drafts
    expect(own?.scope).toBe('shop')
    expect(own?.proposal.author).toEqual({ kind: 'voter', id: 'dan' })
    const stepping = { ...set, intervene: true }
    const [above] = valueOf(await draft(stepping, 'ann')).drafts
    expect(above?.scope).toBe('')
    expect(above?.proposal.scope.uid).toBe(given.index.state.root.uid)
    // Who decides below has no say above.
    expect(codeOf(await draft(stepping, 'dan'))).toBe('namespace.no-vote')
  })

  it('is refused to whom has no such name, and says where to look', async () => {
    const no = (found: string, next: string) => ({
      refusal: { code: 'namespace.no-vote', found, next },
    })
    expect(await draft(creation('shop/a'), 'zoe')).toMatchObject(
      no('"zoe"', 'capstan authority shop/a'),
    )
    const long = 'z'.repeat(100)
    const envelope = { op: 'envelope.set', alias: '', envelope: { maxTtl: 600 } }
    expect(await draft(envelope, long)).toMatchObject(
      no(`"${'z'.repeat(80)}"`, 'capstan authority /'),
    )
  })

  it.each([
    [
      'of what cannot be written',
      { ...creation('pay/x'), labels: { a: '\ud800' } },
      'namespace.malformed',
    ],
    ['with such a reason', { ...creation('pay/x'), reason: '\ud800' }, 'namespace.malformed'],
    ['about nothing there is', { op: 'entry.suspend', alias: 'pay/none' }, 'namespace.unknown'],
    [
      'with too long a ticket',
      { ...creation('pay/x'), ticket: 'x'.repeat(201) },
      'namespace.malformed',
    ],
  ])('is refused %s', async (_, change, code) => {
    expect(codeOf(await draft(change, 'ann'))).toBe(code)
  })

  it('is made by the time of the log, where the clock is behind it', async () => {
    const late = await givenGroup()
    const { at } = late.index.state
    late.clock.set(minus(at, hours(1)))
    const { by, drafts } = valueOf(await late.index.draft({ change: creation('x') }, 'ann'))
    expect([by.at, drafts[0]?.proposal.created]).toEqual([at, at])
  })
})

describe('a draft of a document', () => {
  const draft = (wanted: object, as: string, why = {}) =>
    given.index.draft({ document: wanted, why }, as)

  it('is a proposal for each scope, with its reason, and names what waits in its words', async () => {
    const wanted = document('pay/db', 'pay/web', 'shop/a')
    expect(codeOf(await draft(wanted, 'dan'))).toBe('namespace.no-vote')
    const { drafts } = valueOf(await draft(wanted, 'ann', { reason: 'spring' }))
    expect(drafts.map(({ scope, proposal }) => [scope, proposal.op])).toEqual([
      ['', 'changes'],
      ['shop', 'entry.create'],
    ])
    expect(drafts.every(({ proposal }) => proposal.reason === 'spring')).toBe(true)
    expect(drafts.some((one) => 'waits' in one)).toBe(false)
    const asked = valueOf(await given.index.apply(document('shop/a')))
    const [waits] = asked.map((one) => (one.kind === 'waits' ? one.proposal : ''))
    const again = valueOf(await draft(wanted, 'ann')).drafts
    expect(again.map((one) => one.waits)).toEqual([undefined, waits])
    expect(again[0]).not.toHaveProperty('waits')
    // One change is what its author says of it: it is made again, and its voters see both.
    const alone = valueOf(await given.index.draft({ change: creation('shop/a') }, 'ann')).drafts
    expect(alone[0]).not.toHaveProperty('waits')
  })

  it('is none where the document changes nothing', async () => {
    expect(valueOf(await draft(document('pay/api'), 'ann')).drafts).toEqual([])
  })

  it('is refused where one of the changes could not take effect', async () => {
    const device = { kind: 'edge', attestor: 'tpm', device: 'd1' }
    const twice = document('pay/m', 'pay/n')
    const entries = twice.entries.map((entry) => ({ ...entry, bindings: [device] }))
    expect(codeOf(await draft({ ...twice, entries }, 'ann'))).toBe('namespace.binding-taken')
  })
})

it('what fits a record is as long as an envelope may be', () => {
  expect(codeOf(fitsRecord(MAX_ENVELOPE_BYTES))).toBe('ok')
  expect(fitsRecord(MAX_ENVELOPE_BYTES + 1)).toMatchObject({
    refusal: { code: 'namespace.malformed', found: `${MAX_ENVELOPE_BYTES + 1} octets` },
  })
})
