import type { MeasuredRow } from './report.d.mts'
export function resultOf(
  context: {
    readonly limit: {
      readonly total: number
      readonly value: { readonly sign_us: number; readonly verify_us: number }
    }
  },
  options: { readonly workers?: number },
  rows: readonly MeasuredRow[],
  more: object,
): Readonly<Record<string, unknown>>
