import { beforeAll, describe, expect, it } from '@jest/globals'
import { plus, hours, type UnixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { letterOf, newUid } from '../../src/namespace/decide.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { decidePart, decideParts, partsOf, uidOfPart } from '../../src/namespace/parts.js'
import type { IndexState } from '../../src/namespace/state.js'
import type { Proposal } from '../../src/namespace/statements.js'
import { takeEffect, takeIfDue } from '../../src/namespace/take-effect.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { alias, codeOf, owner, valueOf } from './given-index.js'
import { type GivenTwo, givenTwo } from './given-two-groups.js'

let given: GivenTwo
let state: IndexState
let now: UnixSeconds
/** Of the root's voters. */
let bundle: Proposal

const DIGEST = 'a'.repeat(64)
const body = { owner, envelope: {}, bindings: [], labels: {} }
const create = (name: string) => ({
  ...{ op: 'entry.create', subject: { alias: alias(name) }, body, base: null },
})

beforeAll(async () => {
  given = await givenTwo()
  await given.agreed({ op: 'scope.create', alias: 'payments' })
  state = given.index.state
  now = given.now()
  const { uid, rev, head, group } = state.root
  bundle = {
    ...{ v: 1, index: state.index, op: 'changes', subject: { alias: alias(''), uid } },
    ...{ body: { changes: [] }, base: { rev, head }, scope: { uid, rev: group!.rev } },
    ...{ author: { kind: 'voter', id: 'ann' }, created: now, expires: plus(now, hours(1)) },
    nonce: 'b'.repeat(32),
  }
})

const bundled = (...changes: readonly object[]): Proposal => ({
  ...bundle,
  body: { changes } as never,
})
const entry = () => {
  const { uid, alias: name, rev, head } = given.entry('payments/api')
  return { subject: { alias: name, uid }, base: { rev, head } }
}
const suspend = (more: object = {}) => ({ op: 'entry.suspend', ...entry(), body: {}, ...more })
const codeFor = (...changes: readonly object[]): string =>
  codeOf(decideParts(state, bundled(...changes), DIGEST, { at: now, issuedUntil: () => null }))

describe('the changes of a proposal', () => {
  it('of one are itself', () => {
    const alone = { ...bundle, ...create('a/b') } as unknown as Proposal
    expect(partsOf(alone, DIGEST)).toEqual([
      { proposal: alone, newUid: newUid(letterOf('entry.create'), DIGEST) },
    ])
  })

  it('are each as if it were proposed alone, and say what they follow', () => {
    const proposal = bundled(suspend(), create('a/b'), suspend({ base: { after: 0 } }))
    const [first, second, third, ...more] = partsOf(proposal, DIGEST)
    const { subject, base } = entry()
    expect(more).toEqual([])
    expect(first).toEqual({
      proposal: { ...proposal, op: 'entry.suspend', subject, body: {}, base },
      newUid: uidOfPart(proposal, 'entry.suspend', 0),
      among: { position: 0, base },
    })
    expect(second).toMatchObject({
      proposal: { op: 'entry.create', subject: { alias: 'a/b' }, base: null },
      newUid: uidOfPart(proposal, 'entry.create', 1),
      among: { position: 1, base: null },
    })
    expect(third).toMatchObject({
      proposal: { op: 'entry.suspend', subject, base: null },
      among: { position: 2, base: { after: 0 }, follows: subject.uid },
    })
    expect('follows' in second!.among!).toBe(false)
  })

  it('follow what an earlier one creates, and nothing later', () => {
    const follows = (after: number): Uid | undefined =>
      partsOf(bundled(create('a/b'), suspend({ base: { after } })), DIGEST)[1]?.among?.follows
    expect(follows(0)).toBe(uidOfPart(bundle, 'entry.create', 0))
    expect([follows(1), follows(2), follows(-1)]).toEqual([undefined, undefined, undefined])
  })
})

describe('several changes', () => {
  it('may be made each on what those before it leave', () => {
    const uid = uidOfPart(bundle, 'entry.create', 0)
    const made = create('payments/web')
    const next = (subject: object, after = 0) => suspend({ subject, base: { after } })
    expect(codeFor(made, next({ ...made.subject, uid }))).toBe('ok')
    expect(codeFor(made, next({ alias: alias('payments/api'), uid }))).toBe('namespace.stale-base')
    expect(codeFor(made, next(entry().subject))).toBe('namespace.stale-base')
    expect(codeFor(made, next({ ...made.subject, uid }, 1))).toBe('namespace.stale-base')
    expect(codeFor(suspend(), suspend({ base: { after: 0 } }))).not.toBe('namespace.stale-base')
    expect(codeFor(suspend({ base: null }))).toBe('namespace.stale-base')
    expect(codeFor(suspend({ base: { ...entry().base, rev: 9 } }))).toBe('namespace.stale-base')
  })

  it('are all for the one group that is asked', () => {
    const shop = given.scope('shop')
    const { index, at } = state
    const group = groupOf(['gus', 'hal', 'ida'].map((id) => new TestVoter(id).voter(index, at)))
    const base = { rev: shop.rev, head: shop.head }
    const subject = { alias: shop.alias, uid: shop.uid }
    for (const change of [
      create('shop/web'),
      { op: 'group.set', subject, base, body: { group } },
      { op: 'entry.rename', ...entry(), body: { to: 'shop/api' } },
      { op: 'changes', subject, base, body: { changes: [] } },
    ]) {
      expect(codeFor(change)).toBe('namespace.not-responsible')
      expect(codeFor(create('a/b'), change)).toBe('namespace.not-responsible')
    }
    const { uid } = state.root
    const root = { alias: alias(''), uid }
    const { rev, head } = state.root
    expect(codeFor({ op: 'group.set', subject: root, base: { rev, head }, body: { group } })).toBe(
      'namespace.not-responsible',
    )
    expect(codeFor({ op: 'entry.rename', ...entry(), body: { to: 'payments/web' } })).toBe('ok')
  })

  it('take what the gravest takes, and leave what all of them do', () => {
    const context = { at: now, issuedUntil: () => null }
    const proposal = bundled(suspend(), create('a/b'))
    const { parts, changeClass, after } = valueOf(decideParts(state, proposal, DIGEST, context))
    expect(parts.map((part) => part.changeClass)).toEqual(['narrowing', 'sensitive'])
    expect(changeClass).toBe('sensitive')
    expect(after.entryByAlias(alias('a/b'))?.uid).toBe(uidOfPart(proposal, 'entry.create', 1))
    expect(after.entryByAlias(alias('payments/api'))?.state).toBe('suspended')
    expect(state.entryByAlias(alias('a/b'))).toBeUndefined()
    expect(given.entry('payments/api').state).toBe('active')
  })

  it('are told until when something was issued to what each is about', () => {
    const asked: Uid[] = []
    const issuedUntil = (uid: Uid) => {
      asked.push(uid)
      return null
    }
    const [first, second] = partsOf(bundled(suspend(), create('a/b')), DIGEST)
    for (const part of [first!, second!]) valueOf(decidePart(state, part, { at: now, issuedUntil }))
    expect(asked).toEqual([entry().subject.uid])
  })
})

describe('a proposal that takes effect', () => {
  const waits = (id: string) => {
    const row = given.store.state.tables.proposals.get(id)
    if (row?.kind !== 'pending') throw new Error('it does not wait')
    return row
  }

  it('stops issuance for the entry that gives up its name, and for no other', async () => {
    const frozen: Uid[] = []
    const until = plus(now, hours(2))
    const freeze = (uid: Uid): Promise<UnixSeconds> => {
      frozen.push(uid)
      return Promise.resolve(until)
    }
    const { subject } = entry()
    for (const [op, expected] of [
      ['entry.suspend', []],
      ['entry.retire', [subject.uid]],
    ] as const) {
      frozen.length = 0
      const { id } = await given.proposed({ op, alias: 'payments/api' })
      const draft = new DraftLog(given.store.state)
      const row = { ...waits(id), due: now }
      await takeEffect(draft, row, { at: now, freeze })
      expect(frozen).toEqual(expected)
    }
  })

  it('is made when its votes are there and its time has come, and else nothing is', async () => {
    const { id } = await given.proposed({ op: 'entry.create', alias: 'payments/new', owner })
    const freeze = () => Promise.resolve(undefined)
    const taken = async (which: string) => {
      const draft = new DraftLog(given.store.state)
      const result = await takeIfDue(draft, which, { at: now, freeze })
      return [codeOf(result), draft.records.length]
    }
    expect(await taken(id)).toEqual(['ok', 0])
    expect(await taken('pr-none')).toEqual(['ok', 0])
    await given.votes(given.ann, await given.proposal(id))
    await given.votes(given.bob, await given.proposal(id))
    expect(await taken(id)).toEqual(['ok', 0])
    expect((await given.proposal(id)).standing).toBe('committed')
  })
})
