interface PictureRow {
  readonly name: string
  readonly concurrency: number
  readonly share?: number
  readonly cpu_us: number
}

export function sharesPicture(
  rows: readonly PictureRow[],
  options: { readonly concurrency: number; readonly limit: number },
): string
