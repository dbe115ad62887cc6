import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type OwnStore } from '../../src/store/open-store.js'
import type { OpenedStore } from '../contract/given-store.js'

/** Stores in a temporary directory, on a real disk; all closed and removed with it. */
export class SqliteStores {
  private readonly directory = mkdtempSync(join(tmpdir(), 'capstan-store-'))
  private readonly opened: AsyncDisposable[] = []
  private files = 0

  /** A path at which nothing is yet. */
  newPath(): string {
    this.files += 1
    return this.lastPath
  }

  /** The latest of them. */
  get lastPath(): string {
    return join(this.directory, `${this.files}.db`)
  }

  open(path: string, writer: 'thread' | 'inline' = 'inline'): OwnStore {
    return this.keep(openStore({ path, writer }))
  }

  /** Closes it with the rest. */
  keep<T extends AsyncDisposable>(opened: T): T {
    this.opened.push(opened)
    return opened
  }

  /** How a contract suite opens one. */
  opener(writer: 'thread' | 'inline'): () => Promise<OpenedStore<OwnStore>> {
    return () => {
      const path = this.newPath()
      const store = this.open(path, writer)
      const reopen = async (): Promise<OwnStore> => {
        await store[Symbol.asyncDispose]()
        return this.open(path, writer)
      }
      return Promise.resolve({ store, reopen })
    }
  }

  /** Closing twice is no error: some tests close what they opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.opened.splice(0)) await each[Symbol.asyncDispose]()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
