/**
 * A Markdown table. `columns` is `[heading, row => value]` pairs; numbers stand on the right.
 * Undefined is shown as a dash.
 */
export function markdownTable(columns, rows) {
  const cells = rows.map((row) => columns.map(([, value]) => value(row)))
  const isNumber = columns.map((_, at) => cells.some((row) => typeof row[at] === 'number'))
  const texts = [columns.map(([heading]) => heading), ...cells.map((row) => row.map(textOf))]
  const widths = columns.map((_, at) => Math.max(3, ...texts.map((row) => row[at].length)))
  const rule = widths.map((width, at) =>
    isNumber[at] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  const lines = [texts[0], rule, ...texts.slice(1)].map((row) =>
    row.map((text, at) => (isNumber[at] ? text.padStart(widths[at]) : text.padEnd(widths[at]))),
  )
  return lines.map((row) => `| ${row.join(' | ')} |`).join('\n')
}

const textOf = (value) => (value === undefined || Number.isNaN(value) ? '-' : String(value))

/** Three figures are all that a shared machine can repeat. */
export function threeFigures(value) {
  if (value === undefined || !Number.isFinite(value)) return undefined
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}
