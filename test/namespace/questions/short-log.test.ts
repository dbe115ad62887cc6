import { describe, expect, it } from '@jest/globals'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { authorisationOf } from '../../../src/namespace/authorisation.js'
import { splitAuthorisationOf } from '../../../src/namespace/entry-decisions.js'
import type { IndexLog } from '../../../src/namespace/ports.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import { parseMoment } from '../../../src/namespace/questions/past.js'
import { PastQuestions } from '../../../src/namespace/questions/past-questions.js'
import { votedBy } from '../../../src/namespace/questions/voter.js'
import { givenGroup } from '../given-group.js'
import { alias, codeOf, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

type Log = Pick<IndexLog, 'read'>

const create = (name: string): ChangeRequest => ({ op: 'entry.create', alias: name, owner })

/** Has every stretch of the log, and no record by itself. */
const stretches = ({ store }: GivenIndex): Log => ({
  read: (from, limit) => (limit === 1 ? Promise.resolve([]) : store.read(from, limit)),
})

describe('an answer from a log that is not that of the tables', () => {
  it('says of nobody that they made an object what it is', async () => {
    const given = await givenIndex(create('a'), create('b'), {
      ...{ op: 'entry.update', alias: 'a', labels: { of: 'a' } },
    })
    const { state } = given.index
    const { uid } = given.entry('a')
    const found = (log: Log, rev: number) => authorisationOf(log, state, { uid, rev })
    expect((await found(given.store, 2))?.item).toMatchObject({ op: 'entry.update', rev: 2 })
    const before: Log = { read: (from, limit) => given.store.read(from - 1, limit) }
    expect(await found(before, 2)).toBeUndefined()
    expect(await found(stretches(given), 2)).toBeUndefined()
    // Where only the others are not there, they are not told.
    const [, second] = state.recordsOf(uid)
    const alone: Log = {
      read: (from, limit) =>
        from === second ? given.store.read(from, limit) : Promise.resolve([]),
    }
    expect(await found(alone, 2)).toMatchObject({ item: { rev: 2 }, others: [] })
    expect(await splitAuthorisationOf(alone, state, { uid, port: 80 })).toEqual({})
  })

  it('says of a vote what the tables have of it', async () => {
    const given = await givenGroup()
    await given.agreed(create('a'))
    const { state } = given.index
    const page = { voter: 'bob', which: 'all', from: 0, limit: 99 } as const
    const last = async (log: Log) => {
      const { changes } = await votedBy(log, state, page, new Effort(() => undefined))
      return changes.at(-1)
    }
    const told = { alias: 'a', scope: '', group: 2, decision: 'approve' }
    // By the present group alone, where what was proposed is not there.
    for (const log of [given.store, stretches(given)]) {
      expect(await last(log)).toMatchObject({ ...told, weight: 100, decisive: true })
    }
    const { rev: _rev, ...group } = state.root.group!
    await given.agreed({ op: 'group.set', alias: '', group })
    const { changes } = await votedBy(
      stretches(given),
      given.index.state,
      page,
      new Effort(() => undefined),
    )
    // Nobody knows what the vote was worth in a group that is not there any more.
    const then = changes.find((one) => one.alias === alias('a'))
    expect(then).toMatchObject({ ...told, weight: 0, decisive: false })
  })
})

describe('a difference of which the log says something else', () => {
  it('is refused, and not told from what can be read', async () => {
    const given = await givenIndex(...['a', 'b', 'c'].map(create))
    const diff = () => {
      const [from, to] = ['2', '3'].map((text) => parseMoment(text)!)
      const past = new PastQuestions(given.store, () => undefined)
      return past.diff({ from: from!, to: to!, scope: alias('') })
    }
    expect(valueOf(await diff()).objects).toHaveLength(1)
    given.store.records = given.store.records.map((record) =>
      record.seq === 1
        ? {
            ...record,
            bytes: Buffer.from(Buffer.from(record.bytes).toString().replace('"rev":1', '"rev":2')),
          }
        : record,
    )
    expect(codeOf(await diff())).toBe('namespace.bad-canonical')
  })
})
