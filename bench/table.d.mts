export function markdownTable<Row>(
  columns: readonly (readonly [
    heading: string,
    value: (row: Row) => string | number | undefined,
  ])[],
  rows: readonly Row[],
): string
export function threeFigures(value: number | undefined): number | undefined
