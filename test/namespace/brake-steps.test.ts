import { describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import { days, hours, minutes, plus, seconds } from '../../src/core/time.js'
import { type BrakeMark, isBraked, withoutBrake } from '../../src/namespace/brake-mark.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { brakeRecord, brakingOf, verifyBrake } from '../../src/namespace/fold-brake.js'
import { type BrakeStatement, readBrake } from '../../src/namespace/statements.js'
import { TestVoter } from '../support/voters.js'
import { brakeBy, brakeStatement, signedBrake, type Target } from './given-brake.js'
import { type GivenGroup, givenGroup, groupBelow } from './given-group.js'
import { codeOf, givenIndex, owner, valueOf } from './given-index.js'
import { replaysTheSame } from './replays-the-same.js'

const attaches = (id: string): ChangeRequest => ({
  op: 'rule.attach',
  alias: 'shop/api',
  rule: { id, callers: ['shop/web'], ports: [8080] },
})

const world: readonly ChangeRequest[] = [
  { op: 'scope.create', alias: 'shop' },
  { op: 'entry.create', alias: 'shop/web', owner },
  { op: 'entry.create', alias: 'shop/api', owner, envelope: { mayAccept: [''] } as never },
  attaches('a'),
  attaches('b'),
]
const brake = { ttl: days(1), perWeek: 10 }

const givenShop = (more: object = {}): Promise<GivenGroup> =>
  givenGroup({ brake, ...more }, ...world)

const brakes = (
  given: GivenGroup,
  by: readonly TestVoter[],
  target: Target,
  more: Partial<BrakeStatement> = {},
) => given.index.submitBrake(brakeBy(given.index.state, by, target, { at: given.now(), ...more }))

describe('a brake is put on', () => {
  it('one thing, whose revision it raises, and nothing else of it', async () => {
    const given = await givenShop()
    const { ann, cyd } = given
    const until = plus(given.now(), hours(2))
    const on = { until }
    const before = [given.entry('shop/web'), given.entry('shop/api'), given.scope('shop')] as const
    const after = <T extends { rev: number }>(object: T, more: object) => {
      const { head: _head, ...rest } = { ...object, head: '' }
      return { ...rest, ...more, rev: object.rev + 1 }
    }
    valueOf(await brakes(given, [ann], { alias: 'shop/web' }))
    expect(given.entry('shop/web')).toMatchObject(after(before[0], { brake: on }))
    valueOf(await brakes(given, [ann], { alias: 'shop/api', rule: 'b' }))
    const [a, b] = before[1].rules
    const rules = [a, { ...b, brake: on }]
    expect(given.entry('shop/api')).toMatchObject(after(before[1], { rules }))
    expect(given.entry('shop/api').rules[0]).not.toHaveProperty('brake')
    expect(given.entry('shop/api')).not.toHaveProperty('brake')
    valueOf(await brakes(given, [ann], { alias: 'shop' }))
    expect(given.scope('shop')).toMatchObject(after(before[2], { brake: on }))
    const { root } = given.index.state
    valueOf(await brakes(given, [ann, cyd], { alias: '', voter: 'bob' }, { ttl: hours(1) }))
    const voters = root.group!.voters.map((one) =>
      one.id === 'bob' ? { ...one, brake: { until: plus(given.now(), hours(1)) } } : one,
    )
    const group = { ...root.group!, voters }
    expect(given.index.state.root).toMatchObject(after(root, { group }))
    expect(given.index.state.root.group?.voters[0]).not.toHaveProperty('brake')
    await replaysTheSame(given)
  })

  const twice: readonly (readonly [string, Target, readonly ('ann' | 'bob' | 'cyd')[]])[] = [
    ['an entry', { alias: 'shop/web' }, ['ann']],
    ['a rule', { alias: 'shop/api', rule: 'a' }, ['ann']],
    ['a scope', { alias: 'shop' }, ['ann']],
    ['a voter', { alias: '', voter: 'bob' }, ['ann', 'cyd']],
  ]
  it.each(twice)('%s once at a time: again from its end on', async (_, target, by) => {
    const given = await givenShop()
    const voters = by.map((id) => given[id])
    const { until } = valueOf(await brakes(given, voters, target))
    given.clock.set(plus(until, seconds(-1)))
    expect(codeOf(await brakes(given, voters, target))).toBe('namespace.wrong-state')
    given.clock.set(until)
    expect(codeOf(await brakes(given, voters, target))).toBe('ok')
  })

  it.each([
    ['a voter of an entry', { alias: 'shop/web', voter: 'ann' }, 'namespace.not-responsible'],
    ['a rule of a scope', { alias: 'shop', rule: 'a' }, 'namespace.unknown'],
    ['a rule that is not there', { alias: 'shop/api', rule: 'none' }, 'namespace.unknown'],
    ['a voter who is not there', { alias: '', voter: 'zoe' }, 'namespace.unknown'],
    ['the root itself', { alias: '' }, 'namespace.wrong-state'],
    [
      'a voter of a scope without any',
      { alias: 'shop', voter: 'ann' },
      'namespace.not-responsible',
    ],
  ] as const)('no %s', async (_, target, code) => {
    const given = await givenShop()
    expect(codeOf(await brakes(given, [given.ann], target))).toBe(code)
  })

  it('nothing that is suspended or retired already, by whatever it is called', async () => {
    const given = await givenShop()
    const { ann } = given
    const narrows = async (request: ChangeRequest) =>
      given.votes(ann, await given.proposed(request))
    await narrows({ op: 'entry.suspend', alias: 'shop/web' })
    expect(codeOf(await brakes(given, [ann], { alias: 'shop/web' }))).toBe('namespace.wrong-state')
    await narrows({ op: 'scope.suspend', alias: 'shop' })
    expect(codeOf(await brakes(given, [ann], { alias: 'shop' }))).toBe('namespace.wrong-state')
    expect(codeOf(await brakes(given, [ann], { alias: 'shop/api', rule: 'a' }))).toBe('ok')
    await narrows({ op: 'entry.retire', alias: 'shop/api' })
    expect(codeOf(await brakes(given, [ann], { alias: 'shop/api', rule: 'b' }))).toBe(
      'namespace.wrong-state',
    )
  })
})

describe('a brake is refused, where', () => {
  it('what is handed in is no envelope, or more than there may be voters', async () => {
    const given = await givenShop()
    const submits = async (all: readonly Uint8Array[]) => codeOf(await given.index.submitBrake(all))
    const good = brakeBy(given.index.state, [given.ann], { alias: 'shop/web' }, { at: given.now() })
    const none = Buffer.from('{}')
    for (const all of [[], [none], [...good, none], [none, ...good]]) {
      expect(await submits(all)).toBe('namespace.bad-canonical')
    }
    expect(await submits(Array.from({ length: 33 }, () => good[0]!))).toBe(
      'namespace.bad-canonical',
    )
    expect(await submits([given.ann.envelope(payloadTypes.brake, {})])).toBe('namespace.malformed')
    expect(await submits([given.ann.envelope(payloadTypes.vote, {})])).toBe('namespace.malformed')
    expect(await submits(good)).toBe('ok')
  })

  it('the subject is another: its revision, its head, its name', async () => {
    const given = await givenShop()
    const { rev, head, uid } = given.entry('shop/web')
    const code = async (more: Partial<BrakeStatement>) =>
      codeOf(await brakes(given, [given.ann], { alias: 'shop/web' }, more))
    const stale = 'namespace.stale-base'
    expect(await code({ base: { rev: rev + 1, head } })).toBe(stale)
    expect(await code({ base: { rev, head: 'b'.repeat(64) } })).toBe(stale)
    expect(await code({ subject: { alias: 'shop/api' as Alias, uid } })).toBe(stale)
    const gone = `e${'a'.repeat(31)}` as typeof uid
    const lost = { subject: { alias: 'shop/web' as Alias, uid: gone } }
    expect(await brakes(given, [given.ann], { alias: 'shop/web' }, lost)).toMatchObject({
      refusal: { code: stale, wanted: 'a subject that exists' },
    })
    expect(await code({})).toBe('ok')
  })

  it('another group is named than the one that decides there, or its revision', async () => {
    const given = await givenShop()
    const below = [new TestVoter('mal'), new TestVoter('dan'), new TestVoter('eve')] as const
    const { uid, group } = given.index.state.root
    await groupBelow(given, 'shop', below)
    const refused = 'namespace.not-responsible'
    const ofRoot = { scope: { uid, rev: group!.rev } }
    const web = { alias: 'shop/web' }
    expect(codeOf(await brakes(given, [given.ann], web, ofRoot))).toBe(refused)
    const shop = given.scope('shop')
    const late = { scope: { uid: shop.uid, rev: shop.group!.rev + 1 } }
    expect(codeOf(await brakes(given, [below[0]], web, late))).toBe(refused)
    // A voter of theirs is not the root's to brake.
    const mal = { alias: 'shop', voter: 'mal' }
    expect(codeOf(await brakes(given, [given.ann], mal, ofRoot))).toBe(refused)
  })

  it('too few sign it, or too often, and says who', async () => {
    const two = { narrowing: 100, routine: 200, sensitive: 200, structural: 200, emergency: 200 }
    const given = await givenShop({ threshold: two, brake: { ttl: days(1), perWeek: 1 } })
    const { ann, bob, cyd } = given
    const web = { alias: 'shop/web' }
    expect(await brakes(given, [ann], web)).toMatchObject({
      refusal: { code: 'namespace.no-quorum', found: 'ann' },
    })
    valueOf(await brakes(given, [ann, bob], web, { ttl: minutes(1) }))
    given.clock.set(plus(given.now(), minutes(1)))
    expect(await brakes(given, [ann, bob], web)).toMatchObject({
      refusal: { code: 'namespace.too-many', found: 'ann, bob' },
    })
    expect(await brakes(given, [ann, cyd], web)).toMatchObject({
      refusal: { code: 'namespace.too-many', found: 'ann' },
    })
  })

  it('nobody could lift it then, and says who is left', async () => {
    const given = await givenShop()
    const { ann, cyd } = given
    expect(await brakes(given, [ann], { alias: '', voter: 'bob' })).toMatchObject({
      refusal: { code: 'namespace.no-quorum', found: 'cyd' },
    })
    valueOf(await brakes(given, [ann, cyd], { alias: '', voter: 'bob' }))
    expect(await brakes(given, [ann, cyd], { alias: '', voter: 'cyd' })).toMatchObject({
      refusal: { code: 'namespace.no-quorum', found: 'ann' },
    })
    const solo = await givenIndex(...world)
    const local = await solo.index.brake({ alias: '', voter: 'local', ttl: 600 })
    expect(local).toMatchObject({ refusal: { code: 'namespace.no-quorum', found: '' } })
  })
})

describe('a record of a brake', () => {
  it('is what its statement comes to, and counts against those who signed', async () => {
    const given = await givenShop()
    const { state } = given.index
    const statement = brakeStatement(state, ['ann', 'cyd'], { alias: 'shop/web' }, given.now())
    const envelopes = signedBrake([given.ann, given.cyd], statement).map((one) => open(one)!)
    const at = plus(given.now(), minutes(5))
    const braking = valueOf(brakingOf(state, envelopes, at))
    const mark: BrakeMark = { until: plus(at, hours(2)) }
    expect(braking).toMatchObject({ mark, digest: envelopes[0]!.digest, statement })
    const record = brakeRecord(state, braking, at)
    expect(verifyBrake(state, record, envelopes)).toEqual({
      ok: true,
      value: {
        ...{ kind: 'commit', effect: { put: braking.put, quarantine: [] } },
        brakedBy: { scope: state.root.uid, voters: ['ann', 'cyd'] },
      },
    })
    for (const more of [{ class: 'narrowing' }, { votes: ['a'] }, { rev: 9 }] as const) {
      const changed = { ...record, ...more } as typeof record
      expect(codeOf(verifyBrake(state, changed, envelopes))).toBe('namespace.bad-canonical')
    }
    expect(record).toMatchObject({ kind: 'brake', class: 'emergency', votes: [] })
  })

  it('marks what is on until its last second, and nothing without it', () => {
    const until = 100 as BrakeMark['until']
    const on = { id: 'x', brake: { until } }
    expect([99, 100].map((at) => isBraked(on, at as typeof until))).toEqual([true, false])
    expect(isBraked({}, until)).toBe(false)
    expect(withoutBrake(on)).toEqual({ id: 'x' })
  })
})

describe('a brake by the installation’s own voter', () => {
  it('says what it stops, why, and for how long; and is good for an hour', async () => {
    const solo = await givenIndex(...world)
    const { index, root } = solo.index.state
    const { alias, uid, rev, head } = solo.entry('shop/api')
    const why = { reason: 'it talks to strangers', ticket: 'INC-9' }
    valueOf(await solo.index.brake({ alias: 'shop/api', rule: 'a', ttl: 600, ...why }))
    const [envelope] = solo.store.records.at(-1)!.envelopes
    const now = solo.clock.now()
    expect(readBrake(open(envelope!)!)).toEqual({
      ...{ v: 1, index, subject: { alias, uid }, base: { rev, head }, rule: 'a' },
      ...{ scope: { uid: root.uid, rev: root.group!.rev }, voters: ['local'], ttl: 600, ...why },
      ...{ created: now, expires: plus(now, hours(1)) },
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    })
  })

  it('is none where it has no vote, or there is nothing of that name', async () => {
    const given = await givenShop()
    const named = async (alias: string, more: object = {}) =>
      given.index.brake({ alias, ttl: 600, ...more })
    expect(await named('shop/web')).toMatchObject({
      refusal: {
        ...{ code: 'namespace.no-vote', wanted: 'a voter of the scope /' },
        next: 'capstan brake shop/web --as VOTER --key FILE',
      },
    })
    expect(await named('', { voter: 'ann' })).toMatchObject({
      refusal: { next: 'capstan brake / --as VOTER --key FILE' },
    })
    const below = [new TestVoter('mal'), new TestVoter('dan'), new TestVoter('eve')]
    await groupBelow(given, 'shop', below)
    expect(await named('shop/web')).toMatchObject({
      refusal: { wanted: 'a voter of the scope shop' },
    })
    expect(codeOf(await named('shop/none'))).toBe('namespace.unknown')
    expect(codeOf(await named('shop/web', { reason: '\ud800' }))).toBe('namespace.malformed')
  })
})
