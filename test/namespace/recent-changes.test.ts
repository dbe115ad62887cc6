import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Uid } from '../../src/core/uid.js'
import { RecentChanges } from '../../src/namespace/recent-changes.js'

const uid = (n: number): Uid => `e${String(n).padStart(31, 'a')}` as Uid
const START = 7

describe('RecentChanges', () => {
  it('says "stands" only when nothing that bears on the entry has changed since', () => {
    // A record: about an entry, or about a scope or a cluster.
    const records = fc.array(fc.option(fc.nat(4), { nil: undefined }), { maxLength: 30 })
    fc.assert(
      fc.property(records, fc.nat(40), fc.nat(4), (log, size, entry) => {
        const recent = new RecentChanges(START, 1000)
        for (const [n, about] of log.entries()) {
          recent.note(START + n, about === undefined ? undefined : uid(about))
        }
        const since = log.slice(Math.max(0, size - START))
        const untouched = since.every((about) => about !== undefined && about !== entry)
        expect(recent.stands(uid(entry), size, START + log.length)).toBe(size >= START && untouched)
      }),
    )
  })

  it('calls what is older than its memory stale, never fresh', () => {
    const recent = new RecentChanges(0, 2)
    recent.note(0, uid(0))
    recent.note(1, uid(1))
    expect(recent.stands(uid(9), 0, 2)).toBe(true)
    recent.note(2, uid(2))
    expect(recent.stands(uid(0), 0, 3)).toBe(false)
    expect(recent.stands(uid(9), 0, 3)).toBe(false)
    expect(recent.stands(uid(9), 1, 3)).toBe(true)
    expect(recent.stands(uid(1), 1, 3)).toBe(false)
  })

  it('knows nothing of what it was not told of', () => {
    const recent = new RecentChanges(5)
    expect(recent.stands(uid(0), 5, 5)).toBe(true)
    // Record 5 was written, and whoever wrote it never heard that it was.
    expect(recent.stands(uid(0), 5, 6)).toBe(false)
    expect(recent.stands(uid(0), 6, 6)).toBe(true)
    recent.note(6, uid(1))
    expect(recent.stands(uid(0), 5, 7)).toBe(false)
    expect(recent.stands(uid(0), 6, 7)).toBe(true)
    expect(recent.stands(uid(1), 6, 7)).toBe(false)
    // A worker may have read a record that this process has not heard of yet.
    expect(recent.stands(uid(1), 8, 7)).toBe(true)
  })
})
