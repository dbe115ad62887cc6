import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { readRecord } from '../../src/namespace/log-record.js'
import { permit } from '../../src/namespace/permit/permit.js'
import { alias, type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'

const places = ['a', 'a/b', 'b', 'c', 'd/e'] as const
const place = fc.constantFrom(...places)

type Step =
  | { readonly do: 'change'; readonly request: ChangeRequest }
  | { readonly do: 'document'; readonly names: readonly string[] }
  | { readonly do: 'again'; readonly which: number }
  | { readonly do: 'wait' }

const change = (request: ChangeRequest): Step => ({ do: 'change', request })

// Few names and many renames, so that each name has many holders.
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: place.map((name) => change({ op: 'entry.create', alias: name, owner })),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(place, place)
      .map(([name, to]) => change({ op: 'entry.rename', alias: name, to })),
  },
  { weight: 3, arbitrary: place.map((name) => change({ op: 'entry.retire', alias: name })) },
  {
    weight: 3,
    arbitrary: fc.tuple(place, place).map(([name, caller]) =>
      change({
        op: 'rule.attach',
        alias: name,
        rule: { id: `from-${caller.replace('/', '-')}`, callers: [caller], ports: [80] },
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.subarray([...places]).map((names): Step => ({ do: 'document', names })),
  },
  { weight: 1, arbitrary: fc.nat(100).map((which): Step => ({ do: 'again', which })) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'wait' }) },
)

/** What a rename must leave as it is: who may call the entry, and whom it may call. */
function callsOf({ index, clock }: GivenIndex, uid: Uid): readonly string[] {
  const { state } = index
  return [...state.entries.values()].flatMap((other) => {
    const both = [
      [uid, other.uid],
      [other.uid, uid],
    ] as const
    return both
      .filter(([caller, callee]) => {
        const request = { caller, callee, port: 80, at: clock.now() }
        return permit(state, request).allowed
      })
      .map(([caller, callee]) => `${caller} ${callee}`)
  })
}

/** The names of all that was ever made, and where each former alias leads, as a test keeps them. */
class Names {
  private readonly made = new Set<string>()
  private readonly led = new Map<string, Uid>()
  private readonly chains = new Map<string, string>()
  private heard = 0
  renames = 0

  /** Every record is of an object that there was, or the first of one that never was. */
  hear({ store, index }: GivenIndex): void {
    for (const { bytes } of store.records.slice(this.heard)) {
      const record = readRecord(bytes)
      if (!record || !('rev' in record)) continue
      const { uid } = record.subject
      expect(record.rev === 1).toBe(!this.made.has(uid))
      expect(record.prev ?? undefined).toBe(this.chains.get(uid))
      this.made.add(uid)
      this.chains.set(uid, index.state.entries.get(uid)?.head ?? 'elsewhere')
    }
    this.heard = store.records.length
  }

  moved(from: string, uid: Uid): void {
    this.led.set(from, uid)
    this.renames += 1
  }

  /** An alias leads to whoever has it, and else to the last who gave it up for another. */
  check({ index: { state } }: GivenIndex): void {
    for (const name of places) {
      const holder = state.entryByAlias(alias(name))
      expect(state.resolve(alias(name))?.uid).toBe(holder?.uid ?? this.led.get(name))
    }
  }
}

describe('who an entry is', () => {
  it('is its uid, which is used once; a rename leaves it, its lineage and who may call whom', async () => {
    let renames = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 50 }), async (steps) => {
        const given = await givenIndex()
        const names = new Names()
        names.hear(given)
        for (const one of steps) {
          await take(given, names, one)
          names.hear(given)
          names.check(given)
        }
        renames += names.renames
      }),
      { numRuns: 40 },
    )
    expect(renames).toBeGreaterThan(30)
  })
})

async function take(given: GivenIndex, names: Names, step: Step): Promise<void> {
  const { index, clock, store } = given
  switch (step.do) {
    case 'wait':
      clock.advance(hours(30))
      return
    case 'document':
      await index.apply({
        apiVersion: 'capstan/v1',
        entries: step.names.map((name) => ({ alias: name, owner })),
      })
      return
    case 'again': {
      // What was signed once is not taken again, and makes nothing under the uid that it made.
      const some = store.records.flatMap(({ envelopes }) => envelopes.slice(0, 1))
      const envelope = some[step.which % some.length]
      if (envelope) expect((await index.submit([envelope])).ok).toBe(false)
      return
    }
    case 'change': {
      const { request } = step
      const before = index.state.entryByAlias(alias(request.alias))
      const calls = before ? callsOf(given, before.uid) : []
      const made = await index.change(request)
      if (request.op !== 'entry.rename' || !made.ok || !before) return
      const after = index.state.entries.get(before.uid)
      expect(after).toEqual({
        ...before,
        alias: request.to,
        rev: before.rev + 1,
        head: after?.head,
      })
      expect(callsOf(given, before.uid)).toEqual(calls)
      names.moved(request.alias, before.uid)
    }
  }
}
