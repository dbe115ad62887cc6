import type { LogName } from '../../src/monitor/alarm.js'
import { sameHash } from '../../src/tlog/hash.js'
import type { RememberedHead, SeenSerial, WatchMemory } from '../../src/monitor/ports.js'

/** What a monitor remembers, for as long as a test lasts. It keeps to the contract of the real one. */
export class MemoryWatchMemory implements WatchMemory {
  private readonly heads = new Map<LogName, RememberedHead>()
  private readonly serials = new Map<string, number>()

  head(log: LogName): Promise<RememberedHead | undefined> {
    return Promise.resolve(this.heads.get(log))
  }

  recordOf(serial: string): Promise<number | undefined> {
    return Promise.resolve(this.serials.get(serial))
  }

  remember(log: LogName, head: RememberedHead, serials: readonly SeenSerial[]): Promise<boolean> {
    const before = this.heads.get(log)
    if (before && !(before.key === head.key && isLater(head, before))) {
      return Promise.resolve(false)
    }
    this.heads.set(log, head)
    for (const { serial, record } of serials) {
      if (!this.serials.has(serial)) this.serials.set(serial, record)
    }
    return Promise.resolve(true)
  }
}

const isLater = (head: RememberedHead, before: RememberedHead): boolean =>
  head.size > before.size ||
  (head.size === before.size &&
    sameHash(head.root, before.root) &&
    (head.recordedAfter ?? -1) > (before.recordedAfter ?? -1))
