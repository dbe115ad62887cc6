/**
 * Rows by key. May be larger than memory: what implements it reads a row when it is asked for.
 * Values are never changed in place.
 */
export interface Table<K extends string, V> {
  get(key: K): V | undefined
  /** Rows whose keys are not below `from` and below `below`, in the order of `compareKeys`. */
  range(from?: string, below?: string): Iterable<readonly [K, V]>
  values(): Iterable<V>
}

const beyondAscii = /[^\0-\x7f]/

/** By the octets of UTF-8, as a database compares text; `<` compares UTF-16 code units. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  if (beyondAscii.test(a) || beyondAscii.test(b)) {
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  }
  return a < b ? -1 : 1
}

/** Keys in their order; sorted when somebody looks, since most changes are never looked at in order. */
class KeyOrder {
  private sorted: string[] = []
  private fresh: string[] = []

  add(key: string): void {
    this.fresh.push(key)
  }

  delete(key: string): void {
    this.settle()
    const position = this.firstNotBelow(key)
    if (this.sorted[position] === key) this.sorted = this.sorted.toSpliced(position, 1)
  }

  *range(from = '', below?: string): Iterable<string> {
    this.settle()
    const keys = this.sorted
    for (let position = this.firstNotBelow(from); position < keys.length; position += 1) {
      const key = keys[position]
      if (key === undefined || (below !== undefined && compareKeys(key, below) >= 0)) return
      yield key
    }
  }

  private settle(): void {
    const { fresh } = this
    if (fresh.length === 0) return
    this.fresh = []
    // A new array: whoever is reading the old one goes on with it.
    this.sorted = [...this.sorted]
    if (fresh.length > 32) {
      this.sorted = this.sorted.concat(fresh).sort(compareKeys)
      return
    }
    for (const key of fresh) this.sorted.splice(this.firstNotBelow(key), 0, key)
  }

  private firstNotBelow(key: string): number {
    let [low, high] = [0, this.sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareKeys(this.sorted[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** All rows in memory. */
export class MemoryTable<K extends string, V> implements Table<K, V> {
  private readonly rows = new Map<K, V>()
  private readonly order = new KeyOrder()

  get(key: K): V | undefined {
    return this.rows.get(key)
  }

  set(key: K, value: V): void {
    if (!this.rows.has(key)) this.order.add(key)
    this.rows.set(key, value)
  }

  delete(key: K): void {
    if (this.rows.delete(key)) this.order.delete(key)
  }

  *range(from?: string, below?: string): Iterable<readonly [K, V]> {
    for (const key of this.order.range(from, below) as Iterable<K>) {
      const value = this.rows.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  values(): Iterable<V> {
    return this.rows.values()
  }
}

/** Changes on top of a table that stays as it is. Costs what is changed, and nothing of what is below. */
export class OverlayTable<K extends string, V> implements Table<K, V> {
  /** Undefined: the row is gone. */
  private readonly changes = new Map<K, V | undefined>()
  private readonly order = new KeyOrder()
  private readonly base: Table<K, V>

  constructor(base: Table<K, V>) {
    this.base = base
  }

  get(key: K): V | undefined {
    const changed = this.changes.get(key)
    if (changed !== undefined) return changed
    return this.changes.has(key) ? undefined : this.base.get(key)
  }

  set(key: K, value: V): void {
    this.change(key, value)
  }

  delete(key: K): void {
    this.change(key, undefined)
  }

  *range(from?: string, below?: string): Iterable<readonly [K, V]> {
    const changed = this.order.range(from, below)[Symbol.iterator]() as Iterator<K, undefined>
    let next = changed.next().value
    for (const row of this.base.range(from, below)) {
      for (; next !== undefined && compareKeys(next, row[0]) < 0; next = changed.next().value) {
        yield* this.present(next)
      }
      if (!this.changes.has(row[0])) yield row
    }
    for (; next !== undefined; next = changed.next().value) yield* this.present(next)
  }

  *values(): Iterable<V> {
    for (const [, value] of this.range()) yield value
  }

  /** Every row that is no longer what it is below, in order: neighbours are written together. */
  *changed(): Iterable<readonly [K, V | undefined]> {
    for (const key of this.order.range() as Iterable<K>) {
      const value = this.changes.get(key)
      // Texts are compared: a name that is let go and taken again need not be written.
      if (typeof value === 'object' || value !== this.base.get(key)) yield [key, value]
    }
  }

  private *present(key: K): Iterable<readonly [K, V]> {
    const value = this.changes.get(key)
    if (value !== undefined) yield [key, value]
  }

  private change(key: K, value: V | undefined): void {
    if (!this.changes.has(key)) this.order.add(key)
    this.changes.set(key, value)
  }
}
