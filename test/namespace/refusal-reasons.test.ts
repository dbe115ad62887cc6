import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parseProblem, problemOfRefusal } from '../../src/cli/problem.js'
import { type Refusal, type RefusalReason, refusalReasons } from '../../src/core/refusal.js'
import { isOfThisState } from '../../src/namespace/decide.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import { isSound } from '../../src/namespace/sound-group.js'
import type { Proposal } from '../../src/namespace/statements.js'
import { refusalReply } from '../../src/server/http/problem.js'
import { T0 } from '../support/fake-clock.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { givenGroup } from './given-group.js'
import { owner } from './given-index.js'

const INDEX = 'a'.repeat(64)
const three = ['ann', 'bob', 'cyd'].map((id) => new TestVoter(id).voter(INDEX, T0))
const [ann, bob, cyd] = three as [(typeof three)[0], (typeof three)[0], (typeof three)[0]]
const sound = groupOf(three)
const { threshold, minControllers } = sound
const [key] = ann.keys as readonly [(typeof ann.keys)[0]]
const groupWith = (more: Partial<GroupTerms>): GroupTerms => ({ ...sound, ...more })
const keyed = (keys: typeof ann.keys): GroupTerms =>
  groupWith({ voters: [{ ...ann, keys }, bob, cyd] })

describe('the reason of a refusal', () => {
  it.each<[RefusalReason, GroupTerms]>([
    ['majority', groupWith({ threshold: { ...threshold, routine: 150 } })],
    ['dictator', groupOf([{ ...ann, weight: 400 }, bob, cyd])],
    ['dictator', groupWith({ solo: true })],
    ['controllers', groupWith({ minControllers: { ...minControllers, sensitive: 4 } })],
    ['controllers', groupWith({ minControllers: { ...minControllers, structural: 1 } })],
    ['threshold', groupWith({ threshold: { ...threshold, structural: 301 } })],
    ['duplicate_key', keyed([key, key])],
    ['weak_key', keyed([{ ...key, thumbprint: bob.keys[0]!.thumbprint }])],
    ['no_pop', groupWith({ voters: [{ ...ann, controller: 'another' }, bob, cyd] })],
    ['names', groupWith({ voters: [ann, { ...bob, id: 'ann' }, cyd] })],
    ['timelock', groupWith({ timelock: { narrowing: 1 } as never })],
  ])('says %s of a group', (reason, terms) => {
    const judged = isSound({ ...terms, rev: 1 }, { index: INDEX, before: null })
    expect(judged).toMatchObject({ refusal: { code: 'namespace.group-invalid', reason } })
  })

  it('says what has changed since a proposal was made', async () => {
    const given = await givenGroup({}, { op: 'entry.create', alias: 'api', owner })
    const { state } = given.index
    const { id } = await given.proposed({ op: 'entry.update', alias: 'api', labels: {} })
    const row = state.tables.proposals.get(id)
    if (row?.kind !== 'pending') throw new Error('it is over')
    const { proposal } = row
    const why = (more: Partial<Proposal>) => {
      const found = isOfThisState(state, { ...proposal, ...more })
      return found.ok ? 'ok' : [found.refusal.code, found.refusal.reason]
    }
    const { base, scope } = proposal
    const stale = 'namespace.stale-base'
    expect(why({})).toBe('ok')
    expect(why({ base: { ...base!, rev: base!.rev + 1 } })).toEqual([stale, 'stale_base'])
    expect(why({ reads: [{ uid: state.root.uid, rev: 1 }] })).toEqual([stale, 'stale_read'])
    const earlier = { ...scope, rev: scope.rev - 1 }
    expect(why({ scope: earlier })).toEqual(['namespace.not-responsible', 'stale_group'])
    // Of a vote that was signed for another group than was asked.
    const vote = given.ann.vote(
      await given.proposed({ op: 'entry.suspend', alias: 'api' }),
      'approve',
      given.now(),
      { scope: earlier },
    )
    expect(await given.index.submit([vote])).toMatchObject({
      refusal: { code: stale, reason: 'stale_group' },
    })
  })

  it('arrives by HTTP, is printed with --json, and is read again', () => {
    const refusal: Refusal = { code: 'namespace.group-invalid', reason: 'no_pop', detail: 'no' }
    const { body } = refusalReply(refusal, 'r1')
    const document = JSON.parse(String(body)) as unknown
    expect(document).toMatchObject({ code: refusal.code, reason: 'no_pop' })
    expect(parseProblem(document, 400)).toMatchObject({ reason: 'no_pop', document })
    expect(problemOfRefusal(refusal).document).toMatchObject({ reason: 'no_pop' })
    expect(problemOfRefusal({ code: 'cli.usage', detail: 'no' }).document).not.toHaveProperty(
      'reason',
    )
  })

  it('is one of those that are documented', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/failures.md'), 'utf8')
    const told = [...page.matchAll(/^\|[^|]*\| `(\w+)` +\|/gm)].map(([, reason]) => reason)
    expect(new Set(told)).toEqual(new Set(refusalReasons))
  })
})
