import type { MirrorFiles } from '../../src/mirror/ports.js'

/** The process is gone. */
export class Dead extends Error {
  override readonly name = 'Dead'
}

/** The files of a mirror, for as long as a test lasts. They keep to the contract of the real ones. */
export class MemoryMirrorFiles implements MirrorFiles {
  readonly files: Map<string, Uint8Array>
  /** Files that were made or replaced, in order. */
  readonly writes: string[] = []
  /** Writes and removals before the process is gone; then nothing is done any more. */
  private left: number

  constructor(files: ReadonlyMap<string, Uint8Array> = new Map(), left = Infinity) {
    this.files = new Map(files)
    this.left = left
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.files.get(path))
  }

  put(path: string, octets: Uint8Array): Promise<void> {
    if (!this.isAlive()) return Promise.reject(new Dead())
    this.files.set(path, Uint8Array.from(octets))
    this.writes.push(path)
    return Promise.resolve()
  }

  list(folder: string): Promise<readonly string[]> {
    const inside = [...this.files.keys()].flatMap((path) =>
      path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [],
    )
    return Promise.resolve(inside.filter((name) => !name.includes('/')))
  }

  remove(path: string): Promise<void> {
    if (!this.isAlive()) return Promise.reject(new Dead())
    this.files.delete(path)
    return Promise.resolve()
  }

  private isAlive(): boolean {
    this.left -= 1
    return this.left >= 0
  }
}
