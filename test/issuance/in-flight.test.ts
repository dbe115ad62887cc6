import { describe, expect, it } from '@jest/globals'
import type { UnixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { InFlight } from '../../src/issuance/in-flight.js'
import { T0 } from '../support/fake-clock.js'

const entry = `e${'a'.repeat(31)}` as Uid
const other = `e${'b'.repeat(31)}` as Uid

/** Lets every promise that can go on, go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A ledger whose answer a test sets. */
function ledgerWith(answer: { notAfter: UnixSeconds | undefined }) {
  return { lastNotAfter: () => Promise.resolve(answer.notAfter) }
}

describe('InFlight', () => {
  it('asks the ledger only when what was under way is recorded', async () => {
    const answer: { notAfter: UnixSeconds | undefined } = { notAfter: undefined }
    const inFlight = new InFlight(ledgerWith(answer))
    expect(inFlight.enter(entry)).toBeUndefined()
    expect(inFlight.enter(entry)).toBeUndefined()

    const frozen = inFlight.freeze(entry)
    inFlight.leave(entry)
    await settle()
    answer.notAfter = T0
    inFlight.leave(entry)

    expect(await frozen).toBe(T0)
  })

  it("lets nobody enter a frozen entry until it thaws, and lets others through (Let's Encrypt 2023-06-15)", async () => {
    const inFlight = new InFlight(ledgerWith({ notAfter: T0 }))
    await inFlight.freeze(entry)

    let opened = false
    const waiting = inFlight.enter(entry)
    void waiting?.then(() => {
      opened = true
    })
    expect(waiting).toBeDefined()
    expect(inFlight.enter(other)).toBeUndefined()
    await settle()
    expect(opened).toBe(false)

    inFlight.thaw(entry)
    await waiting
    expect(inFlight.enter(entry)).toBeUndefined()
  })

  it('lets everybody in who waits, however often it was frozen', async () => {
    const inFlight = new InFlight(ledgerWith({ notAfter: T0 }))
    await inFlight.freeze(entry)
    const one = inFlight.enter(entry)
    await inFlight.freeze(entry)
    const two = inFlight.enter(entry)
    inFlight.thaw(entry)
    inFlight.thaw(entry)
    await one
    await two
    expect(inFlight.enter(entry)).toBeUndefined()
  })

  it('answers at once for an entry that nothing is issued to', async () => {
    const inFlight = new InFlight(ledgerWith({ notAfter: undefined }))
    expect(await inFlight.freeze(entry)).toBeUndefined()
  })
})
