import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../../src/core/alias.js'
import { hours, plus, seconds, toIso } from '../../../src/core/time.js'
import { RATIFY_WITHIN } from '../../../src/namespace/emergency/emergency.js'
import type { Exception } from '../../../src/namespace/questions/exceptions.js'
import { brakeBy } from '../given-brake.js'
import { givenEmergency, invocationBy } from '../given-emergency.js'
import { givenGroup } from '../given-group.js'
import { type GivenIndex, valueOf } from '../given-index.js'
import { cancellationBy, givenRecovery, recoveryBy } from '../given-recovery.js'
import { asked } from './asked.js'

const exceptions = async (given: GivenIndex): Promise<readonly Exception[]> =>
  valueOf(await asked(given).exceptions({ limit: 99 })).exceptions

describe('a group that one lost voter may be the end of', () => {
  it('is told with who made it so, and why', async () => {
    const given = await givenGroup()
    const { rev: _rev, ...group } = given.index.state.root.group!
    const reason = 'two are on leave'
    expect(await exceptions(given)).toEqual([])
    const weak = { ...group, acceptsSinglePointOfLoss: true as const }
    await given.agreed({ op: 'group.set', alias: '', group: weak, reason })
    const [found, ...others] = await exceptions(given)
    expect(others).toEqual([])
    const { size, at } = given.index.state
    expect(found).toMatchObject({ kind: 'weak-group', op: 'group.set', by: 'local', reason })
    expect(found).toMatchObject({ seq: size - 1, at, alias: '', class: 'structural' })
    expect(found?.proposal).toMatch(/^pr/)
    expect(found).not.toHaveProperty('ratification')
  })

  it('is none of a group that says nothing of the kind, nor of its guards made stricter', async () => {
    const given = await givenGroup()
    const { rev: _rev, ...group } = given.index.state.root.group!
    await given.agreed({ op: 'group.set', alias: '', group })
    await given.agreed({ op: 'scope.create', alias: 'pay' })
    expect(await exceptions(given)).toEqual([])
  })
})

describe('the use of a grant', () => {
  const used = async () => {
    const given = await givenEmergency()
    const allow = { alias: 'shop/api', act: 'allow' } as const
    const use = valueOf(
      await given.index.invokeEmergency(
        invocationBy(given, [given.h1], allow, { ticket: 'INC-7' }),
      ),
    )
    return { given, use }
  }

  it('waits to be ratified, until the second in which that is too late', async () => {
    const { given, use } = await used()
    expect(await exceptions(given)).toMatchObject([
      {
        ...{ kind: 'emergency', op: 'emergency.invoke', by: 'h1', reason: 'incident 7' },
        ...{ seq: use.seq, alias: 'shop/api', class: 'emergency', ratification: 'waits' },
      },
    ])
    given.clock.set(plus(use.at, seconds(RATIFY_WITHIN - 1)))
    expect(await exceptions(given)).toMatchObject([{ ratification: 'waits' }])
    given.clock.set(plus(use.at, RATIFY_WITHIN))
    expect(await exceptions(given)).toMatchObject([{ ratification: 'missed' }])
  })

  it('is ratified by a change that is told as well, and stays so', async () => {
    const { given, use } = await used()
    await given.agreed({ op: 'emergency.ratify', alias: '', use: use.seq })
    given.clock.set(plus(use.at, RATIFY_WITHIN))
    const [first, second, ...others] = await exceptions(given)
    expect(others).toEqual([])
    expect(first).toMatchObject({ kind: 'emergency', ratification: 'ratified' })
    expect(second).toMatchObject({ kind: 'emergency', op: 'emergency.ratify', by: 'local' })
    expect(second).not.toHaveProperty('ratification')
  })

  it('is told in the history of the entry, with who asked for what, and until when', async () => {
    const { given, use } = await used()
    const history = valueOf(await given.index.history('shop/api' as never))
    expect(history.at(-1)).toMatchObject({
      ...{ op: 'emergency.invoke', by: 'h1', votes: ['approve: h1'], reason: 'incident 7' },
      ...{ seq: use.seq, at: use.at, ticket: 'INC-7', subject: 'shop/api' },
    })
    const [grant, act, until] = history.at(-1)?.summary ?? []
    expect([grant, until]).toEqual(['grant: oncall', `until: ${toIso(plus(use.at, hours(1)))}`])
    expect(act).toContain(`allow: {caller:${given.entry('shop/web').uid}`)
    // What is said of the grant is not by class.
    const changes = valueOf(await asked(given).changes({ prefix: ROOT, limit: 99 })).changes
    expect(changes.at(-1)).not.toHaveProperty('needs')
    expect(changes.at(-2)).toHaveProperty('needs')
  })
})

describe('a brake', () => {
  it('is told with who pulled it; of an entry, and of a scope', async () => {
    const given = await givenEmergency()
    for (const target of [{ alias: 'shop/web' }, { alias: 'shop' }]) {
      const said = { at: given.now(), reason: 'it leaks', ticket: 'INC-8' }
      valueOf(await given.index.submitBrake(brakeBy(given.index.state, [given.ann], target, said)))
    }
    const told = { kind: 'brake', op: 'brake', by: 'ann', reason: 'it leaks', class: 'emergency' }
    expect(await exceptions(given)).toMatchObject([
      { ...told, alias: 'shop/web' },
      { ...told, alias: 'shop' },
    ])
    const until = toIso(plus(given.now(), hours(2)))
    const history = valueOf(await given.index.history('shop' as never))
    expect(history.at(-1)).toMatchObject({
      ...{ op: 'brake', by: 'ann', votes: [], reason: 'it leaks', ticket: 'INC-8' },
      summary: [`until: ${until}`],
    })
  })

  it('of a voter names the voter, and those who pulled it together', async () => {
    const given = await givenEmergency()
    const { ann, bob } = given
    const target = { alias: '', voter: 'cyd' }
    const by = brakeBy(given.index.state, [ann, bob], target, { at: given.now() })
    valueOf(await given.index.submitBrake(by))
    const history = valueOf(await given.index.history(ROOT))
    expect(history.at(-1)).toMatchObject({ by: 'ann', votes: ['approve: ann, bob'] })
    expect(history.at(-1)?.summary[0]).toBe('voter: cyd')
    expect(history.at(-1)).not.toHaveProperty('reason')
    expect((await exceptions(given))[0]).not.toHaveProperty('reason')
    expect(history.at(-1)).not.toHaveProperty('ticket')
  })
})

describe('a recovery', () => {
  it('is told when it begins, when it is stopped, and when it is done', async () => {
    const given = await givenRecovery()
    const { r1, r2 } = given.safe
    const start = async () =>
      valueOf(await given.index.submitRecovery(recoveryBy(given, [r1, r2], { reason: 'lost' })))
    await start()
    const stop = cancellationBy(given, [given.ann], { reason: 'found', ticket: 'CHG-1' })
    valueOf(await given.index.submitRecovery(stop))
    given.clock.set(given.index.state.root.recovery!.cancelled!.again)
    const { due } = await start()
    given.clock.set(due)
    valueOf(await given.index.finishRecovery(ROOT))
    const found = await exceptions(given)
    expect(found.map(({ kind }) => kind)).toEqual(Array(4).fill('recovery'))
    expect(found.map(({ op, by, reason }) => [op, by, reason])).toEqual([
      ['recovery.start', 'r1', 'lost'],
      ['recovery.cancel', 'ann', 'found'],
      ['recovery.start', 'r1', 'lost'],
      ['recovery.finish', 'r1', 'lost'],
    ])
    const history = valueOf(await given.index.history(ROOT)).slice(-4)
    expect(history.map(({ votes, summary, ticket }) => [votes, summary, ticket])).toEqual([
      [['approve: r1, r2'], ['voters: dan, eve, fay'], undefined],
      [['reject: ann'], [], 'CHG-1'],
      [['approve: r1, r2'], ['voters: dan, eve, fay'], undefined],
      [['approve: r1, r2'], ['voters: dan, eve, fay'], undefined],
    ])
    const changes = valueOf(await asked(given).changes({ prefix: ROOT, limit: 99 })).changes
    // What a recovery set takes is said in the group, and not by class.
    expect(changes.slice(-4).some((change) => 'needs' in change)).toBe(false)
  })

  it('is told of no group that was there before it, once others decide', async () => {
    const given = await givenRecovery()
    const { r1, r2 } = given.safe
    const { due } = valueOf(await given.index.submitRecovery(recoveryBy(given, [r1, r2])))
    given.clock.set(due)
    valueOf(await given.index.finishRecovery(ROOT))
    const proposal = await given.proposed({ op: 'scope.create', alias: 'pay' })
    await given.votes(given.dan, proposal)
    await given.votes(given.eve, proposal)
    const { rev: _rev, ...group } = given.index.state.root.group!
    const next = await given.proposed({ op: 'group.set', alias: '', group })
    await given.votes(given.dan, next)
    await given.votes(given.eve, next)
    const { changes } = valueOf(await asked(given).changes({ prefix: 'pay' as never, limit: 9 }))
    // The group that the recovery made, though it is not the present one.
    expect(changes[0]?.voices.map(({ voter, weight }) => [voter, weight])).toEqual([
      ['dan', 100],
      ['eve', 100],
    ])
  })
})
