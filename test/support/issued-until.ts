import type { UnixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { IssuedUntil } from '../../src/namespace/ports.js'

/** What was issued, as a test says. Notes who is frozen. */
export class FakeIssuedUntil implements IssuedUntil {
  readonly until = new Map<Uid, UnixSeconds>()
  readonly frozen = new Set<Uid>()
  /** Entries about which the ledger does not answer. */
  readonly silent = new Set<Uid>()
  /** Called when an entry thaws. */
  onThaw: ((entry: Uid) => void) | undefined

  freeze(entry: Uid): Promise<UnixSeconds | undefined> {
    this.frozen.add(entry)
    if (this.silent.has(entry)) {
      return Promise.reject(new DependencyError('ledger', 'the ledger does not answer'))
    }
    return Promise.resolve(this.until.get(entry))
  }

  thaw(entry: Uid): void {
    this.frozen.delete(entry)
    this.onThaw?.(entry)
  }
}
