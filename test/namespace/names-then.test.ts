import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../src/core/alias.js'
import type { Uid } from '../../src/core/uid.js'
import { isCalled, NamesThen } from '../../src/namespace/names-then.js'
import { alias, clusterFacts, type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'

/** An entry that was renamed, one that is gone and whose name is another's, a scope and a cluster. */
async function given() {
  const index = await givenIndex(
    { op: 'entry.create', alias: 'web/old', owner },
    { op: 'entry.create', alias: 'web/gone', owner },
    { op: 'scope.create', alias: 'web' },
    { op: 'cluster.register', alias: 'east', cluster: clusterFacts('east') },
  )
  const [renamed, gone] = [index.entry('web/old').uid, index.entry('web/gone').uid]
  const scope = index.scope('web').uid
  const cluster = index.index.state.clusterByAlias(alias('east'))?.uid ?? ('' as Uid)
  const before = index.index.state.size
  await index.did({ op: 'entry.rename', alias: 'web/old', to: 'web/new' })
  await index.did({ op: 'entry.retire', alias: 'web/gone' })
  return { index, before, renamed, gone, scope, cluster, root: index.index.state.root.uid }
}

const then = ({ store, index: { state } }: GivenIndex) => new NamesThen(store, state)

describe('what something was called', () => {
  it('is what the record before that moment says', async () => {
    const { index, before, ...uids } = await given()
    const { renamed, gone, scope, cluster, root } = uids
    const all = [renamed, gone, scope, cluster, root]
    const names = then(index)
    const { size } = index.index.state
    expect([...(await names.of(all, before)).values()]).toEqual([
      ...['web/old', 'web/gone', 'web', 'east', ROOT],
    ])
    expect([...(await names.of(all, size)).values()]).toEqual([
      ...['web/new', 'web/gone', 'web', 'east', ROOT],
    ])
    // Before there was any of them but the root.
    expect([...(await names.of(all, 1))]).toEqual([[root, ROOT]])
    expect((await names.of(['e'.repeat(32) as Uid], size)).size).toBe(0)
    expect(await index.index.names([renamed])).toEqual(new Map([[renamed, 'web/new']]))
    expect(await index.index.names([renamed], before)).toEqual(new Map([[renamed, 'web/old']]))
  })

  it('is its name still, or not', async () => {
    const { index, renamed, gone, scope, cluster, root } = await given()
    const is = (uid: Uid, name: string) => isCalled(index.index.state, uid, alias(name))
    expect([is(renamed, 'web/new'), is(renamed, 'web/old')]).toEqual([true, false])
    expect(is(gone, 'web/gone')).toBe(false)
    expect([is(scope, 'web'), is(cluster, 'east'), is(root, '')]).toEqual([true, true, true])
    expect([is(scope, 'east'), is(cluster, 'web'), is(root, 'web')]).toEqual([false, false, false])
    await index.did({ op: 'cluster.remove', alias: 'east' })
    expect(is(cluster, 'east')).toBe(false)
  })

  it('is looked up in so many records for one answer, and each is read once', async () => {
    let reads = 0
    const log = {
      read: (seq: number) => {
        reads += 1
        const record = { seq, ts: 1, kind: 'commit', chain: null, prop: 'p' }
        const text = JSON.stringify({ ...record, subject: { alias: `a${seq}` } })
        const sorted = JSON.stringify(JSON.parse(text), [
          'alias',
          'chain',
          'kind',
          'prop',
          'seq',
          'subject',
          'ts',
        ])
        return Promise.resolve([{ seq, bytes: Buffer.from(sorted), envelopes: [] }])
      },
    }
    const uids = Array.from({ length: 3000 }, (_, n) => `e${String(n)}` as Uid)
    const state = { recordsOf: (uid: Uid) => [Number(uid.slice(1))] }
    const names = new NamesThen(log, state)
    expect((await names.of(uids, 5000)).size).toBe(1000)
    expect((await names.of(uids, 5000)).size).toBe(1000)
    expect(reads).toBe(1000)
  })
})

describe('the history of something', () => {
  it('has the names of those whom its changes name by uid, as they were just then', async () => {
    const index = await givenIndex(
      { op: 'entry.create', alias: 'pay/api', owner },
      { op: 'entry.create', alias: 'web/a', owner },
      { op: 'entry.create', alias: 'web/b', owner },
    )
    const callers = ['web/a', 'web/b']
    const rule = { id: 'shop', callers, ports: [8080] }
    await index.did({ op: 'rule.attach', alias: 'pay/api', rule })
    const [a, b] = [index.entry('web/a').uid, index.entry('web/b').uid]
    await index.did({ op: 'entry.rename', alias: 'web/a', to: 'web/c' })
    await index.did({ op: 'rule.replace', alias: 'pay/api', rule: { ...rule, callers: ['web/c'] } })
    const items = valueOf(await index.index.history(alias('pay/api')))
    const [made, attached, replaced] = items
    expect(made).not.toHaveProperty('names')
    expect(made).not.toHaveProperty('former')
    expect(attached?.names).toEqual({ [a]: 'web/a', [b]: 'web/b' })
    expect(attached?.former).toEqual([a])
    expect(attached?.summary.join('\n')).toContain(a)
    expect(replaced?.names).toEqual({ [a]: 'web/c' })
    expect(replaced).not.toHaveProperty('former')
  })
})
