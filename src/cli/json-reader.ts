import { seconds, type Seconds, type UnixSeconds, unixSeconds } from '../core/time.js'
import { visible } from '../core/visible.js'

/** The last second that a `Date` has, and the first below 0 (ECMA-262 section 21.4.1.1). */
const LAST_INSTANT = 8_640_000_000_000

/** Whose JSON it is: a server's, that of a file which somebody names, or made in this process. */
export type JsonSource = 'answer' | 'file' | 'here'

/** A member that is missing or of another kind. */
export class WrongShape extends Error {
  readonly source: JsonSource

  constructor(source: JsonSource, message: string) {
    super(message)
    this.source = source
  }
}

/**
 * Reads the members of a JSON object. A member that is missing or of another kind throws `WrongShape`:
 * of what is made here that is a defect; of an answer, a server that breaks the API's contract.
 */
export class JsonReader {
  readonly value: Readonly<Record<string, unknown>>
  private readonly where: string
  private readonly source: JsonSource

  constructor(value: unknown, where = 'the answer', source: JsonSource = 'here') {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      throw new WrongShape(source, `${where} is not a JSON object`)
    }
    this.value = value as Readonly<Record<string, unknown>>
    this.where = where
    this.source = source
  }

  /** Fit to be shown. */
  text(key: string): string {
    return visible(this.raw(key))
  }

  /** Exactly as sent: PEM, tokens, and what goes back to the server. */
  raw(key: string): string {
    const value = this.value[key]
    if (typeof value !== 'string') throw this.broken(key, 'a text')
    return value
  }

  optional(key: string): string | undefined {
    return this.absent(key) ? undefined : this.text(key)
  }

  count(key: string): number {
    const value = this.value[key]
    if (typeof value !== 'number') throw this.broken(key, 'a number')
    return value
  }

  instant(key: string): UnixSeconds {
    const value = this.count(key)
    const isOne = Number.isSafeInteger(value) && Math.abs(value) <= LAST_INSTANT
    if (!isOne) throw this.broken(key, 'a time in seconds')
    return unixSeconds(value)
  }

  length(key: string): Seconds {
    const value = this.count(key)
    if (!Number.isSafeInteger(value) || value < 0) throw this.broken(key, 'a number of seconds')
    return seconds(value)
  }

  flag(key: string): boolean {
    const value = this.value[key]
    if (typeof value !== 'boolean') throw this.broken(key, 'true or false')
    return value
  }

  object(key: string): JsonReader {
    return this.inside(key, this.value[key])
  }

  optionalObject(key: string): JsonReader | undefined {
    return this.absent(key) ? undefined : this.object(key)
  }

  objects(key: string): readonly JsonReader[] {
    return this.array(key).map((item) => this.inside(key, item))
  }

  /** Texts of a list, fit to be shown. */
  texts(key: string): readonly string[] {
    return this.raws(key).map(visible)
  }

  /** Texts of a list, exactly as sent. */
  raws(key: string): readonly string[] {
    return this.array(key).map((item) => {
      if (typeof item !== 'string') throw this.broken(key, 'a list of texts')
      return item
    })
  }

  /** Lists of texts, fit to be shown. */
  textLists(key: string): readonly (readonly string[])[] {
    return this.array(key).map((item) => {
      const isOne = Array.isArray(item) && item.every((text) => typeof text === 'string')
      if (!isOne) throw this.broken(key, 'a list of lists of texts')
      return item.map((text) => visible(text))
    })
  }

  /** `8080`, `8000-8099` */
  portRanges(key: string): readonly string[] {
    return this.array(key).map((item) => {
      const [from, to, ...more] = Array.isArray(item) ? (item as readonly unknown[]) : []
      if (typeof from !== 'number' || typeof to !== 'number' || more.length > 0) {
        throw this.broken(key, 'a list of ranges of ports')
      }
      return from === to ? String(from) : `${from}-${to}`
    })
  }

  absent(key: string): boolean {
    return this.value[key] === undefined || this.value[key] === null
  }

  private array(key: string): readonly unknown[] {
    const value = this.value[key]
    if (!Array.isArray(value)) throw this.broken(key, 'a list')
    return value
  }

  private inside(key: string, value: unknown): JsonReader {
    return new JsonReader(value, `${this.where}: ${key}`, this.source)
  }

  private broken(key: string, wanted: string): WrongShape {
    return new WrongShape(this.source, `${this.where}: "${key}" is not ${wanted}`)
  }
}
