import { visible } from '../core/visible.js'

/**
 * Reads the members of a JSON object. A member that is missing or of another kind throws: an
 * answer that breaks the API's contract is a defect, not a refusal.
 */
export class JsonReader {
  readonly value: Readonly<Record<string, unknown>>
  private readonly where: string

  constructor(value: unknown, where = 'the answer') {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      throw new Error(`${where} is not a JSON object`)
    }
    this.value = value as Readonly<Record<string, unknown>>
    this.where = where
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

  flag(key: string): boolean {
    const value = this.value[key]
    if (typeof value !== 'boolean') throw this.broken(key, 'true or false')
    return value
  }

  object(key: string): JsonReader {
    return new JsonReader(this.value[key], `${this.where}: ${key}`)
  }

  optionalObject(key: string): JsonReader | undefined {
    return this.absent(key) ? undefined : this.object(key)
  }

  objects(key: string): readonly JsonReader[] {
    return this.array(key).map((item) => new JsonReader(item, `${this.where}: ${key}`))
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

  absent(key: string): boolean {
    return this.value[key] === undefined || this.value[key] === null
  }

  private array(key: string): readonly unknown[] {
    const value = this.value[key]
    if (!Array.isArray(value)) throw this.broken(key, 'a list')
    return value
  }

  private broken(key: string, wanted: string): Error {
    return new Error(`${this.where}: "${key}" is not ${wanted}`)
  }
}
