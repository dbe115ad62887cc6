import { describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import type { Progress } from '../../src/namespace/ports.js'
import { makeBundle, type ShownCommits } from '../../src/verify/make-bundle.js'
import { givenServices } from '../interop/given-services.js'
import { givenHistory } from '../interop/lineage-vectors.js'
import { givenSplit } from '../interop/split-vectors.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { valueOf } from '../namespace/given-index.js'
import { sourceOf } from './given-bundle.js'

/** The last record of the log is shown for its time too. */
const LAST = 1

/** How often each record of the entry is read for one bundle, oldest first; and what was told of it. */
async function readsOf(given: GivenGroup, alias: string, commits?: ShownCommits) {
  const source = await sourceOf(given)
  const reads = new Map<number, number>()
  const told: Progress[] = []
  const log = {
    read: (seq: number, limit: number) => {
      reads.set(seq, (reads.get(seq) ?? 0) + 1)
      return given.store.read(seq, limit)
    },
  }
  const pace = (progress: Progress) => void told.push(progress)
  valueOf(await makeBundle({ ...source, log, pace }, alias as Alias, commits))
  const of = given.index.state.recordsOf(given.entry(alias).uid)
  const all = [...reads.values()].reduce((sum, one) => sum + one, 0)
  return { each: of.map((seq) => reads.get(seq) ?? 0), all, told }
}

describe('the records that a bundle is made of', () => {
  it('are looked through from the last to those that made each rule and split, and no further', async () => {
    // Made, two rules, a split and two times other weights, labels; then all are gone through.
    const { each } = await readsOf(await givenSplit(), 'pay/api')
    expect(each).toEqual([1, 2, 2, 2, 2, 2, 2 + LAST])
  })

  it('are not looked through where nothing is sought, or all are wanted', async () => {
    const given = await givenServices()
    await given.agreed({ op: 'entry.update', alias: 'web/shop/front', labels: { a: 'b' } })
    expect((await readsOf(given, 'web/shop/front')).each).toEqual([1, 1 + LAST])
    const all = await readsOf(await givenSplit(), 'pay/api', 'all')
    expect(all.each).toEqual([1, 1, 1, 1, 1, 1, 1 + LAST])
  })

  it('are looked through once, however often the bundle is begun again for a scope elsewhere', async () => {
    const { each } = await readsOf(await givenHistory(), 'pay/tool')
    const [made = 0, attached] = each
    expect(made).toBeGreaterThan(1)
    expect(attached).toBe(made + 1)
  })

  it('let others have their turn before each', async () => {
    const { all, told } = await readsOf(await givenSplit(), 'pay/api')
    expect(told.length).toBe(all)
    expect(told[0]?.work).toBe('look')
  })
})
