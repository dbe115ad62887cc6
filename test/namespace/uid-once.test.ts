import { describe, expect, it } from '@jest/globals'
import { decide } from '../../src/namespace/decide.js'
import { givenGroup } from './given-group.js'
import { alias, codeOf, givenIndex, owner } from './given-index.js'
import { signed } from './given-two-groups.js'

describe('an entry that is retired', () => {
  it('is not made again by the proposal that made it (attack 73)', async () => {
    const given = await givenIndex({ op: 'entry.create', alias: 'shop/web', owner })
    const [made] = given.store.records.at(-1)!.envelopes
    await given.did({ op: 'entry.retire', alias: 'shop/web' })
    expect(codeOf(await given.index.submit([made!]))).toBe('namespace.duplicate')
  })

  it('is not followed by another, as if that one had been it', async () => {
    const given = await givenGroup({}, { op: 'entry.create', alias: 'shop/web', owner })
    const model = await given.proposed({ op: 'entry.create', alias: 'shop/api', owner })
    await given.votes(given.ann, await given.proposed({ op: 'entry.retire', alias: 'shop/web' }))
    const { uid, rev, head } = given.entry('shop/web')
    const subject = { alias: alias('shop/web'), uid }
    const envelope = signed(given.ann, model, { subject, base: { rev, head } })
    expect(codeOf(await given.index.submit([envelope]))).toBe('namespace.stale-base')
  })
})

describe('several changes', () => {
  it('are no change that one voter decides at once', async () => {
    const given = await givenGroup()
    const { proposal, digest } = await given.proposed({
      op: 'entry.create',
      alias: 'shop/web',
      owner,
    })
    const many = { ...proposal!, op: 'changes', body: { changes: [] } } as const
    const context = { at: given.now(), issuedUntil: null }
    expect(codeOf(decide(given.index.state, many, digest, context))).toBe('namespace.malformed')
  })
})
