/**
 * What was asked for lately: between `size` and twice `size` values. The least recently used half goes
 * when the newer half is full.
 */
export class Recent<V> {
  private newer = new Map<string, V>()
  private older = new Map<string, V>()
  private readonly size: number

  constructor(size: number) {
    this.size = size
  }

  get(key: string): V | undefined {
    const known = this.newer.get(key)
    if (known !== undefined) return known
    const old = this.older.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: V): void {
    if (this.newer.size >= this.size) {
      this.older = this.newer
      this.newer = new Map()
    }
    this.newer.set(key, value)
  }

  delete(key: string): void {
    this.newer.delete(key)
    this.older.delete(key)
  }

  clear(): void {
    this.newer = new Map()
    this.older = new Map()
  }
}
