import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { IssuedUntil } from '../namespace/ports.js'
import type { IssuanceLedger } from './ports.js'

/**
 * Which entries are being issued to right now. Closes the gap between "nothing is live under this
 * name" and "this name is free": while an entry is frozen nothing is issued to it, and freezing
 * waits until what was under way is in the ledger.
 */
export class InFlight implements IssuedUntil {
  private readonly counts = new Map<Uid, number>()
  private readonly frozen = new Map<Uid, Gate>()
  private readonly idle = new Map<Uid, Gate>()
  private readonly ledger: Pick<IssuanceLedger, 'lastNotAfter'>

  constructor(ledger: Pick<IssuanceLedger, 'lastNotAfter'>) {
    this.ledger = ledger
  }

  /** Undefined: entered, and `leave` is owed. Otherwise wait for it, and look at the index again. */
  enter(entry: Uid): Promise<void> | undefined {
    const gate = this.frozen.get(entry)
    if (gate) return gate.opened
    this.counts.set(entry, (this.counts.get(entry) ?? 0) + 1)
    return undefined
  }

  leave(entry: Uid): void {
    const left = (this.counts.get(entry) ?? 1) - 1
    if (left > 0) {
      this.counts.set(entry, left)
      return
    }
    this.counts.delete(entry)
    this.idle.get(entry)?.open()
    this.idle.delete(entry)
  }

  async freeze(entry: Uid): Promise<UnixSeconds | undefined> {
    if (!this.frozen.has(entry)) this.frozen.set(entry, new Gate())
    if (this.counts.has(entry)) {
      const idle = this.idle.get(entry) ?? new Gate()
      this.idle.set(entry, idle)
      await idle.opened
    }
    return this.ledger.lastNotAfter(entry)
  }

  thaw(entry: Uid): void {
    this.frozen.get(entry)?.open()
    this.frozen.delete(entry)
  }
}

/** A promise and the way to fulfil it. */
class Gate {
  readonly opened: Promise<void>
  private resolve: (() => void) | undefined

  constructor() {
    this.opened = new Promise((resolve) => {
      this.resolve = resolve
    })
  }

  open(): void {
    this.resolve?.()
  }
}
