import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { hours, plus } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { givenEmergency, invocationBy } from './given-emergency.js'
import { givenGroup } from './given-group.js'
import { codeOf, givenIndex, owner, valueOf } from './given-index.js'
import { replaysTheSame } from './replays-the-same.js'

const web = { op: 'entry.create', alias: 'shop/web', owner } as const

describe('what was decided about an entry', () => {
  const other = `e${'a'.repeat(31)}` as Uid

  it('stands while voters deliberate, and drill, about it or anything else', async () => {
    const given = await givenEmergency()
    const { index, ann, bob } = given
    const { uid } = given.entry('shop/web')
    const { size } = index.state
    const suspended = await given.proposed({ op: 'entry.suspend', alias: 'shop/web' })
    await given.votes(ann, suspended, 'abstain')
    const asked = { alias: 'shop/api', act: 'allow' } as const
    const drill = invocationBy(given, [ann], asked, { drill: true })
    expect(codeOf(await index.invokeEmergency(drill))).toBe('ok')
    expect(index.state.size).toBe(size + 3)
    expect([index.stands(uid, size), index.stands(other, size)]).toEqual([true, true])
    // With the vote that carries it the entry changes, and no other.
    await given.votes(bob, suspended)
    expect(given.entry('shop/web').state).toBe('suspended')
    expect([index.stands(uid, size), index.stands(other, size)]).toEqual([false, true])
    expect(index.stands(uid, index.state.size)).toBe(true)
  })

  it('does not stand where an emergency changed it', async () => {
    const given = await givenEmergency()
    const { index, ann } = given
    const { size } = index.state
    const asked = { alias: 'shop/api', act: 'allow' } as const
    valueOf(await index.invokeEmergency(invocationBy(given, [ann], asked)))
    expect(index.stands(given.entry('shop/api').uid, size)).toBe(false)
    expect(index.stands(given.entry('shop/web').uid, size)).toBe(true)
  })
})

describe('a proposal of this installation', () => {
  it('is taken back by it, once', async () => {
    const given = await givenGroup()
    const { id } = await given.proposed(web)
    const { proposal } = valueOf(await given.index.withdraw(id))
    expect([proposal.id, proposal.standing]).toEqual([id, 'withdrawn'])
    expect(codeOf(await given.index.withdraw(id))).not.toBe('ok')
    expect(codeOf(await given.index.withdraw('pr1'))).toBe('namespace.unknown')
    await replaysTheSame(given)
  })
})

describe('proposals', () => {
  it('are those that are not over, oldest first', async () => {
    const given = await givenGroup({ timelock: { sensitive: hours(1) } })
    expect(given.index.proposals()).toEqual([])
    const asked = []
    for (const name of ['c', 'a', 'b']) {
      asked.push(await given.proposed({ ...web, alias: `shop/${name}` }))
    }
    const ids = () => given.index.proposals().map(({ id, standing }) => `${id} ${standing}`)
    expect(ids()).toEqual(asked.map(({ id }) => `${id} open`))
    const [first, second, third] = asked
    for (const voter of [given.ann, given.bob]) await given.votes(voter, second!)
    valueOf(await given.index.withdraw(third!.id))
    expect(ids()).toEqual([`${first!.id} open`, `${second!.id} scheduled`])
    // Only what is due is settled, and no record is written for the others.
    const { size } = given.index.state
    expect(await given.index.settle()).toEqual([])
    given.clock.set(plus(given.now(), hours(1)))
    expect((await given.index.settle()).map(({ alias }) => alias)).toEqual(['shop/a'])
    expect(given.index.state.size).toBe(size + 1)
    expect(await given.index.settle()).toEqual([])
  })
})

describe('a brake by the local voter', () => {
  it('is put on what it names, and listed', async () => {
    const given = await givenIndex(web)
    const on = { alias: 'shop/web', ttl: 600 }
    expect(codeOf(await given.index.brake({ ...on, more: 1 }))).toBe('namespace.malformed')
    expect(codeOf(await given.index.brake({ ...on, alias: 'shop/no' }))).toBe('namespace.unknown')
    expect(await given.index.brakes()).toEqual([])
    const view = valueOf(await given.index.brake(on))
    expect(view).toMatchObject({ by: ['local'] })
    expect(await given.index.brakes()).toHaveLength(1)
    // A vote of the local voter alone carries no brake of a group that agreed on none.
    const group = await givenGroup({}, web)
    expect(codeOf(await group.index.brake(on))).not.toBe('ok')
  })
})

describe('who made something what it is', () => {
  it('is told of an entry at a revision, and of a split that there is', async () => {
    const split = { port: 80, backendRefs: [{ entry: 'shop/web', weight: 1 }] }
    const given = await givenIndex(web, { op: 'split.set', alias: 'shop/web', split })
    const { uid } = given.entry('shop/web')
    const first = await given.index.authorisation(uid, 1)
    const second = await given.index.authorisation(uid, 2)
    expect(first).toBeDefined()
    expect(second).toBeDefined()
    expect(second).not.toEqual(first)
    expect(await given.index.authorisation(uid, 3)).toBeUndefined()
    expect((await given.index.splitAuthorisation(uid, 80)).decided?.item.rev).toBe(2)
    expect(await given.index.splitAuthorisation(uid, 81)).toEqual({})
  })
})

describe('names that look alike', () => {
  it('are not all found where the store does not answer, and other errors are told', async () => {
    const given = await givenIndex(web)
    const made = [valueOf(await given.index.change({ ...web, alias: 'shop/vveb' }))]
    expect(await given.index.lookAlikes(made)).toMatchObject({ complete: true })
    const { held } = given.store.state.tables
    const failing = (error: Error) => {
      held.range = () => {
        throw error
      }
      return given.index.lookAlikes(made)
    }
    expect(await failing(new DependencyError('store', 'no answer'))).toEqual({
      found: [],
      complete: false,
    })
    await expect(failing(new TypeError('a bug'))).rejects.toThrow('a bug')
  })
})

describe('a document', () => {
  it('is told of as it is made, change by change', async () => {
    const given = await givenIndex()
    const document = {
      apiVersion: 'capstan/v1',
      entries: ['a', 'b', 'c'].map((name) => ({ alias: `shop/${name}`, owner })),
    }
    expect(valueOf(given.index.plan(document))).toHaveLength(3)
    expect(codeOf(await given.index.apply({ ...document, apiVersion: 'other' }))).not.toBe('ok')
    const made = valueOf(await given.index.apply(document, { reason: 'new' }))
    expect(made.map(({ kind }) => kind)).toEqual(['changed', 'changed', 'changed'])
    expect(valueOf(given.index.plan(document))).toEqual([])
  })
})
