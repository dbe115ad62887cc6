import { describe, expect, it } from '@jest/globals'
import { sha256Hex } from '../../../src/core/uid.js'
import { canonicalize } from '../../../src/core/canonical-json.js'
import { LiveIndex } from '../../../src/namespace/live-index.js'
import type { ProposalView } from '../../../src/namespace/proposal-view.js'
import { impactDigest, impactOf } from '../../../src/namespace/questions/impact.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import { canonicalState } from '../../../src/namespace/state.js'
import { type GivenGroup, givenGroup } from '../given-group.js'
import { codeOf, owner, valueOf } from '../given-index.js'
import { asked } from './asked.js'

const rule = {
  id: 'shop',
  callers: ['web/shop'],
  ports: [8080],
  routes: [{ path: { prefix: '/' } }],
}
const names = ['web/shop', 'web/cart', 'payments/api', 'payments/db']

const given = (): Promise<GivenGroup> =>
  givenGroup({}, ...names.map((alias) => ({ op: 'entry.create', alias, owner }) as const), {
    op: 'rule.attach',
    alias: 'payments/db',
    rule: { ...rule, callers: ['payments/api'] },
  })

const impact = async (group: GivenGroup, { id }: Pick<ProposalView, 'id'>) =>
  valueOf(await asked(group).impact(id))

describe('the impact of a proposal', () => {
  it('is who may call whom then, and not before', async () => {
    const group = await given()
    const proposal = await group.proposed({ op: 'rule.attach', alias: 'payments/api', rule })
    const { impact: found } = await impact(group, proposal)
    expect(found).toMatchObject({
      v: 1,
      proposal: proposal.digest,
      class: 'sensitive',
      objects: [{ kind: 'entry', alias: 'payments/api', change: 'changed', fields: ['rules'] }],
      entries: [],
      complete: true,
    })
    expect(found.permissions).toEqual({
      added: [
        {
          caller: 'web/shop',
          callee: 'payments/api',
          rule: 'shop',
          ports: [[8080, 8080]],
          routes: [{ path: { prefix: '/' } }],
        },
      ],
      removed: [],
    })
  })

  it('is what others may no longer do, and the names that go, when an entry is suspended', async () => {
    const group = await given()
    const proposal = await group.proposed({ op: 'entry.suspend', alias: 'payments/api' })
    const { impact: found } = await impact(group, proposal)
    expect(found.permissions.added).toEqual([])
    expect(found.permissions.removed).toMatchObject([
      { caller: 'payments/api', callee: 'payments/db' },
    ])
    expect(found.entries).toMatchObject([
      {
        alias: 'payments/api',
        certificates: 'lost',
        names: {
          gained: [],
          lost: ['spiffe://acme.example/payments/api', 'api.payments.entry.identity.acme.example'],
        },
      },
    ])
  })

  it('of a guard or a scope is that of every entry below', async () => {
    const group = await given()
    await group.agreed({ op: 'scope.create', alias: 'pay' })
    await group.agreed({ op: 'entry.create', alias: 'pay/a', owner })
    await group.agreed({ op: 'rule.attach', alias: 'pay/a', rule })
    const forbid = { id: 'g', effect: 'forbid', ports: [[8080, 8080]] } as const
    const guard = await group.proposed({ op: 'guard.set', alias: 'pay', guard: forbid })
    const { impact: guarded } = await impact(group, guard)
    expect(guarded.permissions.removed).toMatchObject([{ caller: 'web/shop', callee: 'pay/a' }])
    expect(guarded.entries).toEqual([])
    const suspend = await group.proposed({ op: 'scope.suspend', alias: 'pay' })
    const { impact: suspended } = await impact(group, suspend)
    expect(suspended.permissions.removed).toHaveLength(1)
    expect(suspended.entries).toMatchObject([{ alias: 'pay/a', certificates: 'lost' }])
  })

  it('of a traffic split is every backend, with its weight before and after', async () => {
    const group = await given()
    const split = (...weights: readonly number[]) => ({
      port: 8080,
      backendRefs: weights.map((weight, at) => ({ entry: names[2 + at]!, weight })),
    })
    const set = (...weights: readonly number[]) =>
      ({ op: 'split.set', alias: 'payments/api', split: split(...weights) }) as const
    const first = await impact(group, await group.proposed(set(90, 10)))
    const sorted = (backends: readonly { readonly entry: string }[] = []) =>
      [...backends].sort((a, b) => (a.entry < b.entry ? -1 : 1))
    expect(first.impact.splits).toMatchObject([{ alias: 'payments/api', port: 8080 }])
    expect(sorted(first.impact.splits?.[0]?.backends)).toEqual([
      { entry: 'payments/api', after: 90 },
      { entry: 'payments/db', after: 10 },
    ])
    expect(impactDigest(first.impact)).toBe(first.digest)

    await group.agreed(set(90, 10))
    const swapped = await impact(group, await group.proposed(set(10, 90)))
    expect(swapped.impact.entries).toEqual([])
    expect(sorted(swapped.impact.splits?.[0]?.backends)).toEqual([
      { entry: 'payments/api', before: 90, after: 10 },
      { entry: 'payments/db', before: 10, after: 90 },
    ])
    const cleared = await impact(
      group,
      await group.proposed({ op: 'split.clear', alias: 'payments/api', port: 8080 }),
    )
    expect(sorted(cleared.impact.splits?.[0]?.backends)).toEqual([
      { entry: 'payments/api', before: 90 },
      { entry: 'payments/db', before: 10 },
    ])
  })

  it('says nothing of splits where none differs: its digest is what it was', async () => {
    const group = await given()
    await group.agreed({
      op: 'split.set',
      alias: 'payments/api',
      split: { port: 80, backendRefs: [{ entry: 'payments/db', weight: 1 }] },
    })
    for (const request of [
      { op: 'rule.attach', alias: 'payments/api', rule },
      { op: 'entry.rename', alias: 'payments/db', to: 'payments/data' },
    ] as const) {
      const { impact: found } = await impact(group, await group.proposed(request))
      expect(found.complete).toBe(true)
      expect(found).not.toHaveProperty('splits')
    }
  })

  it('of a narrower envelope names the fields', async () => {
    const group = await given()
    const narrower = await group.proposed({
      op: 'envelope.set',
      alias: 'payments/api',
      envelope: { mayCall: [], maxTtl: 60 },
    })
    const { impact: found } = await impact(group, narrower)
    expect(found.permissions.removed).toMatchObject([{ callee: 'payments/db' }])
    expect(found.entries[0]).toMatchObject({ certificates: 'kept', wider: [] })
    expect(found.entries[0]?.narrower).toEqual(expect.arrayContaining(['maxTtl', 'mayCall']))
  })

  it('is of a new entry that subtrees name already', async () => {
    const group = await given()
    const web = { ...rule, id: 'web', callers: [{ subtree: '' }] }
    await group.agreed({ op: 'rule.attach', alias: 'payments/db', rule: web })
    const created = await group.proposed({ op: 'entry.create', alias: 'web/new', owner })
    const { impact: found } = await impact(group, created)
    expect(found.permissions.added).toMatchObject([
      { caller: 'web/new', callee: 'payments/db', rule: 'web' },
    ])
    expect(found.entries).toMatchObject([{ alias: 'web/new', certificates: 'gained' }])
  })

  it('says so where there is more than is looked at', async () => {
    const group = await given()
    const proposal = await group.proposed({ op: 'entry.suspend', alias: 'payments/api' })
    const row = group.index.state.tables.proposals.get(proposal.id)
    if (row?.kind !== 'pending') throw new Error('it is over')
    const little = await impactOf(group.index.state, row, new Effort(() => undefined, 3))
    expect(valueOf(little).complete).toBe(false)
  })

  it('counts every backend of a traffic split as looked at', async () => {
    const group = await given()
    const backendRefs = names.map((entry) => ({ entry, weight: 1 }))
    const split = { port: 8080, backendRefs }
    const proposal = await group.proposed({ op: 'split.set', alias: 'payments/api', split })
    const row = group.index.state.tables.proposals.get(proposal.id)
    if (row?.kind !== 'pending') throw new Error('it is over')
    // The entry itself, and its backends.
    const steps = 1 + names.length
    const within = async (most: number) =>
      valueOf(await impactOf(group.index.state, row, new Effort(() => undefined, most)))
    expect(await within(steps)).toMatchObject({ complete: true, splits: [{ port: 8080 }] })
    const short = await within(steps - 1)
    expect(short.complete).toBe(false)
    expect(short).not.toHaveProperty('splits')
  })

  it('is refused of what is over, and of what nobody proposed', async () => {
    const group = await given()
    const questions = asked(group)
    const proposal = await group.proposed({ op: 'entry.suspend', alias: 'payments/api' })
    await group.votes(group.ann, proposal)
    expect(codeOf(await questions.impact(proposal.id))).toBe('namespace.closed')
    expect(codeOf(await questions.impact(`pr${'a'.repeat(40)}`))).toBe('namespace.unknown')
    expect(codeOf(await questions.impact('__proto__'))).toBe('namespace.unknown')
  })
})

describe('the impact of a name that resembles another (attack 32)', () => {
  const create = (alias: string) => ({ op: 'entry.create', alias, owner }) as const

  it('says so, and has another digest for it', async () => {
    const group = await given()
    const first = await group.proposed(create('web/ledger'))
    const { impact: plain } = await impact(group, first)
    expect(Object.keys(plain).sort()).toEqual([
      'class',
      'complete',
      'entries',
      'objects',
      'permissions',
      'proposal',
      'v',
    ])
    await group.votes(group.ann, first)
    await group.votes(group.bob, first)
    const proposal = await group.proposed(create('web/legder'))
    const { impact: found, digest } = await impact(group, proposal)
    expect(found.lookAlikes).toEqual([{ alias: 'web/legder', resembles: 'web/ledger' }])
    const { lookAlikes: _, ...without } = found
    expect(digest).not.toBe(impactDigest(without))
    const code = await group.codeOfVote(group.ann, proposal, 'approve', {
      impact: impactDigest(without),
    })
    expect(code).toBe('namespace.impact-differs')
    await group.votes(group.ann, proposal, 'approve', { impact: digest })
  })

  it('says nothing of what has its name already', async () => {
    const group = await given()
    await group.agreed(create('web/ledger'))
    await group.agreed(create('web/legder'))
    const suspend = await group.proposed({ op: 'entry.suspend', alias: 'web/legder' })
    expect((await impact(group, suspend)).impact).not.toHaveProperty('lookAlikes')
  })

  it('says so of each of several changes that are decided together', async () => {
    const group = await given()
    const entries = ['web/shap', 'wallet/api', 'web/sh0p', 'vvallet/api'].map((alias) => ({
      alias,
      owner,
    }))
    const [made] = valueOf(await group.index.apply({ apiVersion: 'capstan/v1', entries }))
    if (made?.kind !== 'waits') throw new Error('it was committed at once')
    const { impact: found } = await impact(group, { id: made.proposal })
    expect(found.lookAlikes).toEqual([
      { alias: 'wallet', resembles: 'vvallet' },
      { alias: 'web/sh0p', resembles: 'web/shop' },
    ])
  })
})

describe('a vote in view of an impact', () => {
  it('counts, and the log reads the same again', async () => {
    const group = await given()
    const proposal = await group.proposed({ op: 'rule.attach', alias: 'payments/api', rule })
    const { digest, impact: found } = await impact(group, proposal)
    expect(digest).toBe(sha256Hex(canonicalize(found)))
    await group.votes(group.ann, proposal, 'approve', { impact: digest })
    const { changes } = await group.votes(group.bob, proposal, 'approve', { impact: digest })
    expect(changes).toHaveLength(1)
    expect(codeOf(await group.index.verify())).toBe('ok')
    const again = valueOf(await LiveIndex.open(group.deps))
    expect(canonicalState(again.state)).toBe(canonicalState(group.index.state))
  })

  it('is refused where it is another, and leaves nothing behind', async () => {
    const group = await given()
    const proposal = await group.proposed({ op: 'rule.attach', alias: 'payments/api', rule })
    const size = group.index.state.size
    const other = 'ab'.repeat(32)
    expect(await group.codeOfVote(group.ann, proposal, 'approve', { impact: other })).toBe(
      'namespace.impact-differs',
    )
    expect(group.index.state.size).toBe(size)
    expect((await group.proposal(proposal.id)).open?.votes).toEqual([])
  })

  it('is refused once the index makes it another, although the proposal is not stale', async () => {
    const group = await given()
    const everybody = { ...rule, callers: [{ subtree: '' }] }
    const proposal = await group.proposed({
      op: 'rule.attach',
      alias: 'payments/api',
      rule: everybody,
    })
    const { digest } = await impact(group, proposal)
    await group.agreed({ op: 'entry.create', alias: 'web/late', owner })
    expect((await group.proposal(proposal.id)).standing).toBe('open')
    expect(await group.codeOfVote(group.ann, proposal, 'approve', { impact: digest })).toBe(
      'namespace.impact-differs',
    )
    const { digest: now } = await impact(group, proposal)
    await group.votes(group.ann, proposal, 'approve', { impact: now })
  })

  it('stays the same when only the time goes on', async () => {
    const group = await given()
    const proposal = await group.proposed({ op: 'entry.create', alias: 'web/late', owner })
    const before = await impact(group, proposal)
    group.clock.advance(3600 as never)
    expect(await impact(group, proposal)).toEqual(before)
  })
})
