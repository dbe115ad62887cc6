import type { Refusal, RefusalCode } from './refusal.js'

/** An answer, or the refusal to give one. Broken worlds are exceptions, not results. */
export type Result<T, R extends Refusal = Refusal> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: R }

export function ok(): Result<undefined, never>
export function ok<T>(value: T): Result<T, never>
export function ok(value?: unknown): Result<unknown, never> {
  return { ok: true, value }
}

export function refuse<C extends RefusalCode>(
  code: C,
  detail: string,
  more: Omit<Refusal<C>, 'code' | 'detail'> = {},
): { readonly ok: false; readonly refusal: Refusal<C> } {
  return { ok: false, refusal: { code, detail, ...more } }
}
