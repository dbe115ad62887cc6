import { afterAll, describe, expect, it } from '@jest/globals'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { alias, codeOf, owner, valueOf } from '../namespace/given-index.js'
import { SqliteStores } from '../support/sqlite-stores.js'
import { givenStoredIndex, type StoredIndex } from './given-stored-index.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

/** Two processes that each take themselves for the one that writes the log. */
async function givenTwo(): Promise<{ readonly first: StoredIndex; readonly second: LiveIndex }> {
  const first = await givenStoredIndex(stores)
  const store = stores.open(first.path)
  const second = valueOf(await LiveIndex.open({ ...first.deps, store: store.index }))
  return { first, second }
}

/** Each a change of the same revision of one entry. */
const rule = (port: number): ChangeRequest => ({
  op: 'rule.attach',
  alias: 'payments/api',
  rule: { id: `port-${port}`, callers: [{ subtree: '' }], ports: [port] },
})

const portsIn = ({ state }: LiveIndex): unknown =>
  state.entryByAlias(alias('payments/api'))?.rules.map(({ ports }) => ports)

describe('two who write one log', () => {
  it('do not both make a change of one thing: the log that was seen is the log that is added to (attack 17)', async () => {
    const { first, second } = await givenTwo()
    await first.did(rule(80))
    await expect(second.change(rule(443))).rejects.toThrow('the index log was changed by another')
    expect(codeOf(await first.index.verify())).toBe('ok')
    const { index } = await first.reopen()
    expect(portsIn(index)).toEqual([[[80, 80]]])
  })

  it('are one and one who is not any more: whoever was replaced adds nothing (attack 20)', async () => {
    const { first, second } = await givenTwo()
    const entry = (name: string) => ({ op: 'entry.create', alias: name, owner }) as const
    valueOf(await second.change(entry('shop/web')))
    for (const name of ['shop/api', 'shop/db']) {
      await expect(first.index.change(entry(name))).rejects.toThrow('another process')
    }
    valueOf(await second.change(entry('shop/cart')))
    expect(codeOf(await second.verify())).toBe('ok')
    const { index } = await first.reopen()
    const made = [...index.state.entriesUnder(alias('shop'))].map((one) => one.alias)
    expect(made).toEqual(['shop/cart', 'shop/web'])
  })
})
