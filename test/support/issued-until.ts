import type { UnixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import type { IssuedUntil } from '../../src/namespace/ports.js'

/** What was issued, as a test says. Notes who is frozen. */
export class FakeIssuedUntil implements IssuedUntil {
  readonly until = new Map<Uid, UnixSeconds>()
  readonly frozen = new Set<Uid>()
  /** Called when an entry thaws. */
  onThaw: ((entry: Uid) => void) | undefined

  freeze(entry: Uid): Promise<UnixSeconds | undefined> {
    this.frozen.add(entry)
    return Promise.resolve(this.until.get(entry))
  }

  thaw(entry: Uid): void {
    this.frozen.delete(entry)
    this.onThaw?.(entry)
  }
}
