import type { Brand } from './brand.js'

/** An instant: whole seconds since 1970-01-01T00:00:00Z. */
export type UnixSeconds = Brand<number, 'UnixSeconds'>

/** A length of time in whole seconds. */
export type Seconds = Brand<number, 'Seconds'>

export function unixSeconds(value: number): UnixSeconds {
  if (!Number.isSafeInteger(value)) throw new RangeError('an instant is a whole number of seconds')
  return value as UnixSeconds
}

export function seconds(value: number): Seconds {
  if (!Number.isSafeInteger(value)) throw new RangeError('a length is a whole number of seconds')
  return value as Seconds
}

export const minutes = (count: number): Seconds => seconds(count * 60)
export const hours = (count: number): Seconds => seconds(count * 3600)
export const days = (count: number): Seconds => seconds(count * 86_400)

export const plus = (at: UnixSeconds, length: Seconds): UnixSeconds => unixSeconds(at + length)
export const minus = (at: UnixSeconds, length: Seconds): UnixSeconds => unixSeconds(at - length)
export const between = (from: UnixSeconds, to: UnixSeconds): Seconds => seconds(to - from)
export const earliest = (first: UnixSeconds, ...more: readonly UnixSeconds[]): UnixSeconds =>
  unixSeconds(Math.min(first, ...more))

/** How far two clocks that are both called right may be apart; of verifiers and of witnesses too. */
export const CLOCK_TOLERANCE = seconds(120)

/** How long before it is issued a leaf begins: clocks of verifiers are not ours, and allow for nothing. */
export const LEAF_BACKDATE = minutes(2)

/** `2026-11-21T08:15:20Z` */
export function toIso(at: UnixSeconds): string {
  return new Date(at * 1000).toISOString().replace('.000Z', 'Z')
}

/** Of text as `toIso` writes it, or of Unix seconds. */
export const toInstant = (text: string | number): UnixSeconds =>
  unixSeconds(typeof text === 'number' ? text : Date.parse(text) / 1000)

/** Where loops read the time. Pure code takes `now: UnixSeconds` instead. */
export interface Clock {
  now(): UnixSeconds
  /**
   * Resolves at `at`, or at once when `signal` aborts; and early when the clock is set back, so that
   * nobody sleeps through the time that is there again. Loops look at the time when they wake.
   */
  sleepUntil(at: UnixSeconds, signal?: AbortSignal): Promise<void>
}

/** Fills a new array with octets fit for keys and serial numbers. */
export type RandomBytes = (size: number) => Uint8Array
