import { describe, expect, it } from '@jest/globals'
import { DraftLog } from '../../src/namespace/draft-log.js'
import type { GroupTerms, Operation } from '../../src/namespace/operation.js'
import { TestVoter } from '../support/voters.js'
import { alias, codeOf, type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'
import { writtenRecord } from './written-record.js'

const body = { owner, envelope: {}, bindings: [], labels: {} }
const creation = (name: string): Operation =>
  ({ op: 'entry.create', subject: { alias: alias(name) }, body }) as unknown as Operation

async function written(
  given: GivenIndex,
  operation: Operation,
  others: readonly TestVoter[] = [],
): Promise<string> {
  const { record, envelopes } = await writtenRecord(given, operation, others)
  return codeOf(new DraftLog(given.store.state).add(record, envelopes))
}

describe('a change that is written into the log of one voter', () => {
  it('is one when it is what its voter may decide', async () => {
    const given = await givenIndex()
    expect(await written(given, creation('payments/api'))).toBe('ok')
  })

  it('is none below a guard that wants more people', async () => {
    const guard = { id: 'two', effect: 'minControllers', least: { sensitive: 2 } } as const
    const given = await givenIndex(
      { op: 'scope.create', alias: 'payments' },
      { op: 'guard.set', alias: 'payments', guard },
    )
    expect(await written(given, creation('payments/api'))).toBe('namespace.guard-forbids')
    expect(await written(given, creation('shop/api'))).toBe('ok')
  })

  it('is none that could not be made', async () => {
    const given = await givenIndex({ op: 'entry.create', alias: 'payments/api', owner })
    const { uid, alias: name } = given.entry('payments/api')
    const subject = { alias: name, uid }
    const change = (op: string) => ({ op, subject, body: {} }) as unknown as Operation
    expect(await written(given, change('entry.suspend'))).toBe('ok')
    expect(await written(given, change('entry.reactivate'))).toBe('namespace.wrong-state')
  })

  it('has no vote of who is braked beside that of who decides', async () => {
    const given = await givenIndex()
    const { index, at, root } = given.index.state
    const ann = new TestVoter('ann')
    const each = (least: number, most: number) => ({
      ...{ narrowing: least, routine: most, sensitive: most, structural: most, emergency: least },
    })
    const group: GroupTerms = {
      solo: true,
      voters: [{ ...root.group!.voters[0]!, weight: 100 }, ann.voter(index, at, 10)],
      threshold: each(1, 60),
      minControllers: each(1, 1),
    }
    valueOf(await given.index.change({ op: 'group.set', alias: '', group }))
    expect(await written(given, creation('payments/api'), [ann])).toBe('ok')
    valueOf(await given.index.brake({ alias: '', voter: 'ann', ttl: 3600 }))
    expect(await written(given, creation('payments/api'), [ann])).toBe('namespace.bad-signature')
    expect(await written(given, creation('payments/api'))).toBe('ok')
  })
})
