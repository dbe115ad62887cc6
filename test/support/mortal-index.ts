import { DependencyError } from '../../src/core/dependency-error.js'
import type { IndexDeps } from '../../src/namespace/live-index.js'
import type { IndexStore } from '../../src/namespace/ports.js'
import { SqliteIndexStore } from '../../src/store/sqlite/index-store.js'
import { WriteQueue } from '../../src/store/sqlite/write-queue.js'
import { FakeClock } from './fake-clock.js'
import { FusedWriter } from './fused-writer.js'
import { FakeIssuedUntil } from './issued-until.js'
import { MemoryIndexStore } from './memory-index-store.js'
import { countedRandom } from './random.js'
import type { SqliteStores } from './sqlite-stores.js'
import { newVoter } from './voter.js'

/** A store that a test lets die in the middle of a write, and opens again. */
export interface MortalStore extends AsyncDisposable {
  /** As it is open now. */
  readonly store: IndexStore
  /** It has died since it was opened. */
  readonly isDead: boolean
  /** One of the next writes is the last: `at` says how far it comes. */
  dieAt(at: number): void
  /** Opens what it left behind. */
  reopen(): Promise<void>
}

/** What an index needs, over a store that may die; the deps are of the store as it is open now. */
export class MortalIndex {
  readonly clock = new FakeClock()
  private readonly rest: Omit<IndexDeps, 'store'>
  readonly mortal: MortalStore

  constructor(mortal: MortalStore) {
    this.mortal = mortal
    this.rest = {
      voter: newVoter(),
      clock: this.clock,
      random: countedRandom('mortal'),
      issued: new FakeIssuedUntil(),
    }
  }

  get deps(): IndexDeps {
    return { ...this.rest, store: this.mortal.store }
  }
}

/** In memory: its last write is there as a whole, or not at all. */
class MortalMemory extends MemoryIndexStore {
  isDead = false
  last: 'written' | 'lost' | undefined

  override async append(
    ...write: Parameters<MemoryIndexStore['append']>
  ): ReturnType<MemoryIndexStore['append']> {
    if (this.isDead) throw new DependencyError('store', 'nothing is written any more')
    if (this.last === undefined) return super.append(...write)
    this.isDead = true
    if (this.last === 'written') await super.append(...write)
    throw new DependencyError('store', 'it died, and nobody was told what is written')
  }
}

export function mortalMemory(): MortalStore {
  const store = new MortalMemory()
  return {
    store,
    get isDead() {
      return store.isDead
    },
    dieAt: (at) => {
      store.last = at % 2 === 0 ? 'written' : 'lost'
    },
    reopen: () => {
      Object.assign(store, { isDead: false, last: undefined })
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** In a file: it dies before any of the rows of a write, or once all of them are committed. */
export async function mortalSqlite(stores: SqliteStores): Promise<MortalStore> {
  const path = stores.newPath()
  await stores.open(path)[Symbol.asyncDispose]()
  const open = () => {
    const writer = new FusedWriter(path)
    return { writer, store: new SqliteIndexStore(path, new WriteQueue(writer)) }
  }
  let { writer, store } = open()
  const close = (): Promise<void> => {
    store.close()
    return writer.close()
  }
  return {
    get store() {
      return store
    },
    get isDead() {
      return writer.isDead
    },
    dieAt: (at) => {
      if (at % 4 === 0) writer.isMute = true
      else writer.rows = at
    },
    reopen: async () => {
      await close()
      ;({ writer, store } = open())
    },
    [Symbol.asyncDispose]: close,
  }
}
