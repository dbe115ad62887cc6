import { beforeAll, describe, expect, it } from '@jest/globals'
import { ROOT } from '../../src/core/alias.js'
import { plus, type Seconds, type UnixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import {
  decideOne,
  isBaseOf,
  letterOf,
  mayBeDecided,
  newUid,
  responsibleAbove,
  responsibleFor,
  subjectOf,
} from '../../src/namespace/decide.js'
import type { IndexState } from '../../src/namespace/state.js'
import type { Proposal } from '../../src/namespace/statements.js'
import { alias, clusterFacts, codeOf, owner } from './given-index.js'
import { type GivenTwo, givenTwo } from './given-two-groups.js'

let given: GivenTwo
let state: IndexState
let now: UnixSeconds
let root: Uid
let shop: Uid
/** Suspends an entry of the root's voters. */
let proposal: Proposal

beforeAll(async () => {
  given = await givenTwo()
  await given.agreed({ op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') })
  const asked = await given.proposed({ op: 'entry.suspend', alias: 'payments/api' })
  const { reads: _reads, ...rest } = asked.proposal!
  proposal = rest
  state = given.index.state
  now = given.now()
  root = state.root.uid
  shop = given.scope('shop').uid
})

const refusalOf = (change: Partial<Proposal>, at = now) => {
  const result = mayBeDecided(state, { ...proposal, ...change }, at)
  return result.ok ? undefined : result.refusal
}
const codeFor = (change: Partial<Proposal>, at = now): string => refusalOf(change, at)?.code ?? 'ok'

describe('a proposal that may be decided', () => {
  it('is of its time, or two minutes early', () => {
    const { created, expires } = proposal
    const early = (created - 120) as UnixSeconds
    const times = [(early - 1) as UnixSeconds, early, expires, plus(expires, 1 as Seconds)]
    expect(times.map((at) => codeFor({}, at))).toEqual([
      ...['namespace.expired', 'ok', 'ok', 'namespace.expired'],
    ])
  })

  it('is for this index', () => {
    expect(refusalOf({ index: 'b'.repeat(65) })).toMatchObject({
      ...{ code: 'namespace.wrong-index', wanted: state.index },
      found: JSON.stringify('b'.repeat(64)),
    })
  })

  it('is about its subject as it is, and says what it found', () => {
    const { base, subject } = proposal
    const again = 'look at it again, and propose again'
    expect(refusalOf({ base: { ...base!, rev: 7 } })).toMatchObject({
      ...{ code: 'namespace.stale-base', wanted: 'revision 1', found: 'revision 7', next: again },
    })
    const missing = { alias: alias('payments/none'), uid: `e${'z'.repeat(31)}` as Uid }
    expect(refusalOf({ subject: missing })).toMatchObject({
      ...{ code: 'namespace.stale-base', wanted: 'a subject that exists', found: 'revision 1' },
    })
    expect(refusalOf({ base: null })).toMatchObject({ found: 'a new subject' })
    // What is created is not there, and has no uid.
    const fresh = { alias: alias('payments/none') }
    expect(codeFor({ subject: fresh, base: null })).toBe('ok')
    expect(codeFor({ subject: missing, base: null })).toBe('namespace.stale-base')
    expect(codeFor({ subject: fresh })).toBe('namespace.stale-base')
    const other = { ...subject, alias: alias('a'.repeat(81)) }
    expect(refusalOf({ subject: other })).toMatchObject({
      ...{ code: 'namespace.stale-base', wanted: 'payments/api' },
      found: JSON.stringify('a'.repeat(80)),
    })
  })

  it('was made in view of what still is: entries, scopes and clusters', () => {
    const { uid, rev } = given.entry('payments/api')
    const cluster = state.clusterByAlias(alias('prod'))!
    const { rev: ofShop } = given.scope('shop')
    const seen = [
      { uid, rev },
      { uid: cluster.uid, rev: cluster.rev },
      { uid: shop, rev: ofShop },
    ]
    expect(codeFor({ reads: seen })).toBe('ok')
    for (const [at, one] of seen.entries()) {
      const reads = seen.with(at, { ...one, rev: one.rev + 1 })
      expect(refusalOf({ reads })).toMatchObject({
        ...{ code: 'namespace.stale-base', next: 'look at it again, and propose again' },
        ...{ wanted: `${one.uid} at revision ${one.rev + 1}`, found: `revision ${one.rev}` },
      })
    }
    const gone = `e${'z'.repeat(31)}` as Uid
    expect(refusalOf({ reads: [{ uid: gone, rev: 1 }] })).toMatchObject({ found: 'revision 0' })
  })

  it('is for the group that decides about it, as it is', () => {
    const { scope } = proposal
    const wanted = `${root}, revision ${scope.rev} of its group`
    for (const other of [
      { ...scope, uid: shop },
      { ...scope, rev: scope.rev - 1 },
    ]) {
      expect(refusalOf({ scope: other })).toMatchObject({
        ...{ code: 'namespace.not-responsible', wanted },
      })
    }
  })
})

describe('who decides', () => {
  const decides = (op: Proposal['op'], name: string, more: object = {}): Uid => {
    const subject = { alias: alias(name), ...more }
    return responsibleFor(state, { op, subject }).uid
  }

  it('is the nearest scope above that has voters of its own', () => {
    expect(decides('entry.create', 'shop/web/api')).toBe(shop)
    expect(decides('entry.create', 'payments/api')).toBe(root)
    expect(decides('scope.suspend', 'shop', { uid: shop })).toBe(root)
    expect(responsibleAbove(state, alias('shop/web')).group).toEqual(given.scope('shop').group)
    expect(responsibleAbove(state, alias('shop')).uid).toBe(root)
    expect(responsibleAbove(state, ROOT).uid).toBe(root)
  })

  it.each(['group.set', 'changes', 'voter.reinstate', 'emergency.ratify'] as const)(
    'is the scope itself about %s',
    (op) => {
      expect(decides(op, 'shop', { uid: shop })).toBe(shop)
      const subject = { alias: alias('shop'), uid: shop }
      const named = (uid: Uid) => responsibleFor(state, { op, subject, scope: { uid, rev: 1 } }).uid
      expect(named(shop)).toBe(shop)
      // Those above step in with another group, and say so; with nothing else.
      const isOfGroup = op === 'voter.reinstate' || op === 'emergency.ratify'
      expect(named(root)).toBe(isOfGroup ? shop : root)
    },
  )

  it('is a scope above, where its own is suspended or has no voters', () => {
    const scopes = new Map([
      [shop, { ...given.scope('shop'), state: 'suspended' as const }],
      [root, state.root],
    ])
    const suspended = {
      root: state.root,
      scopes,
      scopeAbove: (name: string) => (name === 'shop' ? state.root : scopes.get(shop)!),
    }
    const subject = { alias: alias('shop'), uid: shop }
    expect(responsibleFor(suspended, { op: 'group.set', subject }).uid).toBe(root)
    expect(responsibleAbove(suspended, alias('shop/web')).uid).toBe(root)
    const bare = { ...given.scope('shop'), group: null }
    const without = { ...suspended, scopes: new Map([[shop, bare]]), scopeAbove: () => state.root }
    expect(responsibleFor(without, { op: 'group.set', subject }).uid).toBe(root)
  })
})

describe('what a change is about', () => {
  it('is found by its uid alone, whichever kind of object it is', () => {
    const cluster = state.clusterByAlias(alias('prod'))!
    for (const { uid } of [given.entry('payments/api'), given.scope('shop'), cluster]) {
      expect(subjectOf(state, { subject: { alias: ROOT, uid } })?.uid).toBe(uid)
    }
    expect(subjectOf(state, { subject: { alias: alias('payments/api') } })).toBeUndefined()
  })

  it('is its base by revision, head and name; and what is created has none', () => {
    const entry = given.entry('payments/api')
    const { uid, rev, head } = entry
    const subject = { alias: entry.alias, uid }
    const isBase = (base: Proposal['base'], of: Proposal['subject'] = subject, found = true) =>
      isBaseOf(found ? entry : undefined, { base, subject: of })
    expect(isBase({ rev, head })).toBe(true)
    expect(isBase({ rev: rev + 1, head })).toBe(false)
    expect(isBase({ rev, head: 'a'.repeat(64) })).toBe(false)
    expect(isBase({ rev, head }, { ...subject, alias: alias('payments') })).toBe(false)
    expect(isBase({ rev, head }, subject, false)).toBe(false)
    expect(isBase(null)).toBe(false)
    expect(isBase(null, subject, false)).toBe(false)
    expect(isBase(null, { alias: entry.alias }, false)).toBe(true)
    expect(isBase(null, { alias: entry.alias })).toBe(false)
  })

  it('has a uid of its kind and its proposal', () => {
    const kinds = ['entry.create', 'scope.create', 'cluster.register', 'entry.rename'] as const
    expect(kinds.map(letterOf)).toEqual(['e', 's', 'c', 'e'])
    // SHA-256 of 32 zero octets, in base32.
    expect(newUid('s', '00'.repeat(32))).toBe('smzuhvlpymk6xo3epygfy5h4oeaejofe')
  })

  it('is decided one by one, and created once', () => {
    const context = { at: now, newUid: newUid('e', '00'.repeat(32)), issuedUntil: null }
    const codeOfOne = (change: Partial<Proposal>, more: Partial<typeof context> = {}): string =>
      codeOf(decideOne(state, { ...proposal, ...change }, { ...context, ...more }))
    const body = { owner, envelope: {}, bindings: [], labels: {} }
    const creation = {
      op: 'entry.create',
      subject: { alias: alias('a/b') },
      body,
      base: null,
    } as const
    expect(codeOfOne({})).toBe('ok')
    expect(codeOfOne(creation)).toBe('ok')
    expect(codeOfOne({ op: 'changes', body: { changes: [] } })).toBe('namespace.malformed')
    expect(codeOfOne({ ...creation, base: proposal.base })).toBe('namespace.stale-base')
    const { uid } = given.entry('payments/api')
    const named = { ...creation.subject, uid: `e${'z'.repeat(31)}` as Uid }
    expect(codeOfOne({ ...creation, subject: named })).toBe('namespace.stale-base')
    expect(codeOfOne(creation, { newUid: uid })).toBe('namespace.duplicate')
    const long = { ...named, alias: alias('a'.repeat(81)) }
    expect(decideOne(state, { ...proposal, ...creation, subject: long }, context)).toMatchObject({
      refusal: { found: JSON.stringify('a'.repeat(80)) },
    })
  })
})
