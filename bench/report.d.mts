export interface MeasuredRow {
  readonly name: string
  readonly concurrency: number
  readonly cpu_us: number
}
export function withShares<Row extends MeasuredRow>(
  rows: readonly Row[],
  limit: { readonly total: number },
): (Row & { readonly share: number; readonly handshakes?: number })[]
export function handshakeOf(rows: readonly MeasuredRow[]): {
  readonly handshake?: Readonly<Record<string, Readonly<Record<string, number>>>>
}
