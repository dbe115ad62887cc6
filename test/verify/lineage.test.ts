import { beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { VerifiedCommit } from '../../src/verify/verified-commit.js'
import { verifyBundle, type VerifyOptions } from '../../src/verify/verify-bundle.js'
import { givenUsed } from '../interop/emergency-vectors.js'
import { givenServices } from '../interop/given-services.js'
import { decides, type GivenHistory, givenHistory } from '../interop/lineage-vectors.js'
import { brakeBy } from '../namespace/given-brake.js'
import { codeOf, givenIndex, owner, valueOf } from '../namespace/given-index.js'
import { bundleOf, edited, LOG, withoutLineage } from './given-bundle.js'

let given: GivenHistory
let options: VerifyOptions
let api: Uint8Array
let tool: Uint8Array

beforeAll(async () => {
  given = await givenHistory()
  options = { indexId: given.index.state.index, logKey: LOG.key, now: given.now() }
  api = await bundleOf(given, 'pay/api')
  tool = await bundleOf(given, 'pay/tool')
})

const verify = (octets: Uint8Array, more: Partial<VerifyOptions> = {}) =>
  verifyBundle(octets, { ...options, ...more })

const counted = ({ subject, op, recount }: VerifiedCommit) =>
  recount.counted === 'again'
    ? `${op} ${subject.alias}: ${recount.weight} of ${recount.threshold}`
    : `${op} ${subject.alias}: ${recount.because}`

describe('a bundle of an entry whose groups have changed since', () => {
  it('is counted by the groups that there were, from the genesis on', () => {
    const found = valueOf(verify(api))
    expect(found.groupsBy).toBe('genesis')
    expect(found.commits.map(counted)).toEqual([
      'rule.attach pay/api: 200 of 151',
      'rule.attach pay/api: 200 of 151',
      'rule.attach pay/api: 200 of 151',
      'genesis : genesis',
      'group.set : 1 of 1',
      'brake : 200 of 100',
      'voter.reinstate : 200 of 151',
      'scope.create pay: 1 of 1',
      'guard.set pay: 100 of 100',
      'group.set pay: 200 of 151',
      'group.set pay: 200 of 151',
      'evidence pay: evidence',
      'group.set pay: 200 of 151',
    ])
  })

  it('is counted where it was, and where it went, when it has moved', () => {
    const found = valueOf(verify(tool))
    expect(found.commits.slice(0, 3).map(counted)).toEqual([
      'rule.attach web/tool: 200 of 151',
      'entry.rename pay/tool: 200 of 151',
      'entry.update pay/tool: 201 of 151',
    ])
    // What is elsewhere decided, and is not above it.
    expect(found.scopes.map(({ alias }) => alias)).toEqual(['', 'pay'])
  })

  it('is refused without its lineage, but by whom the log is trusted', () => {
    const cut = withoutLineage(api)
    expect(verify(cut)).toMatchObject({
      refusal: {
        code: 'bundle.not-counted',
        // Fetching it again is no way out where they do not fit.
        next: expect.stringContaining('more than fit in it'),
      },
    })
    const found = valueOf(verify(cut, { trustLog: true }))
    expect(found.groupsBy).toBe('log')
    expect(found.commits.map(counted)).toContain('rule.attach pay/api: group-changed')
  })

  it('is refused without any one signature, whoever is trusted', () => {
    const shown = (bundle: Parameters<Parameters<typeof edited>[1]>[0]) =>
      [
        bundle.entry,
        bundle.root,
        ...bundle.above.flatMap(({ scope }) => scope ?? []),
        ...(bundle.elsewhere ?? []),
      ].flatMap(({ commits }) => commits.flatMap(({ envelopes }) => envelopes))
    for (const whole of [api, tool]) {
      let envelopes = 0
      edited(whole, (bundle) => (envelopes = shown(bundle).length))
      expect(envelopes).toBeGreaterThan(30)
      for (let at = 0; at < envelopes; at++) {
        const without = edited(whole, (bundle) => {
          shown(bundle)[at]!.signatures[0]!.sig = Buffer.alloc(64).toString('base64')
        })
        const codes = [verify(without), verify(without, { trustLog: true })].map(codeOf)
        expect([at, ...codes]).toEqual([at, 'bundle.not-proved', 'bundle.not-proved'])
      }
    }
  })
})

describe('what changes a scope, and not who decides', () => {
  it('is a step of its lineage too', async () => {
    const used = await givenUsed({ act: 'allow' })
    const { index } = used
    const by = [used.ann, used.bob]
    const [rule] = used.entry('pay/api').rules.filter(({ emergency }) => emergency)
    const use = Number(rule!.id.slice('emergency-'.length))
    await decides(used, by, { op: 'emergency.ratify', alias: '', use })
    const brake = brakeBy(index.state, [used.ann], { alias: 'pay' }, { at: used.now() })
    valueOf(await index.submitBrake(brake))
    await decides(used, by, { op: 'brake.lift', alias: 'pay' })
    await decides(used, by, { op: 'scope.suspend', alias: 'pay' })
    await decides(used, by, { op: 'scope.reactivate', alias: 'pay' })
    await decides(used, by, { op: 'guard.clear', alias: 'pay', guard: 'routes' })
    const trust = { indexId: index.state.index, logKey: LOG.key, now: used.now() }
    const found = valueOf(verifyBundle(await bundleOf(used, 'pay/api'), trust))
    expect(found.groupsBy).toBe('genesis')
    expect(found.commits.map(({ op }) => op).slice(-8)).toEqual([
      'emergency.ratify',
      'scope.create',
      'guard.set',
      'brake',
      'brake.lift',
      'scope.suspend',
      'scope.reactivate',
      'guard.clear',
    ])
  })
})

describe('rules that were proposed together', () => {
  it('have their proposal in a bundle once, however many they are', async () => {
    const many = await givenServices()
    const rules = Array.from({ length: 60 }, (_, at) => ({
      id: `r${at}`,
      callers: ['web/shop/front'],
      ports: [8080],
      routes: [{ path: { exact: `/${'long/'.repeat(60)}${at}` } }],
    }))
    const document = { apiVersion: 'capstan/v1', entries: [{ alias: 'pay/api', owner, rules }] }
    const [made] = valueOf(await many.index.apply(document))
    if (made?.kind !== 'waits') throw new Error('it was made at once')
    const proposal = await many.proposal(made.proposal)
    for (const voter of [many.ann, many.bob]) await many.votes(voter, proposal)
    const octets = await bundleOf(many, 'pay/api')
    expect(octets.length).toBeLessThan(300_000)
    const trust = { indexId: many.index.state.index, logKey: LOG.key, now: many.now() }
    const parsed = jest.spyOn(JSON, 'parse')
    const found = valueOf(verifyBundle(octets, trust))
    // Its statements are read once, and not by each change again.
    expect(parsed.mock.calls.length).toBeLessThan(rules.length)
    parsed.mockRestore()
    expect(found.groupsBy).toBe('genesis')
    expect(found.entry.rules.length).toBeGreaterThanOrEqual(60)
  })
})

describe('a lineage that is too long for a bundle', () => {
  it('is left out, and the bundle is for those alone who trust the log', async () => {
    const long = await givenIndex({ op: 'entry.create', alias: 'api', owner })
    for (let at = 0; at <= 1000; at++) {
      const guard = { id: 'short', effect: 'maxTtl', maxTtl: 86_400 - at } as const
      await long.did({ op: 'guard.set', alias: '', guard })
    }
    const octets = await bundleOf(long, 'api')
    const trust = {
      indexId: long.index.state.index,
      logKey: LOG.key,
      now: long.clock.now(),
    }
    expect(octets.length).toBeLessThan(20_000)
    expect(codeOf(verifyBundle(octets, trust))).toBe('bundle.not-counted')
    expect(valueOf(verifyBundle(octets, { ...trust, trustLog: true })).groupsBy).toBe('log')
  })
})
