import type { Look } from './look.js'
import { parseInstant, renderInstant, renderRelative } from './times.js'

/** One cell: what it says, a shorter way to say it, and its colour. */
export interface Cell {
  readonly text: string
  readonly short?: string
  readonly paint?: (text: string) => string
}

export interface Column {
  readonly title: string
  /** May be cut in the middle when the terminal is too narrow; others never are. */
  readonly shrinks?: 'when-narrow'
}

const GAP = 2
const NARROWEST = 8

export const cell = (text: string, paint?: (text: string) => string): Cell =>
  paint === undefined ? { text } : { text, paint }

/** An instant with its distance from now; alone the distance where room is short. */
export function timeCell(iso: string | undefined, look: Look): Cell {
  if (iso === undefined) return { text: '-' }
  const at = parseInstant(iso)
  if (at === undefined) return { text: iso }
  const away = renderRelative(at, look.now)
  return { text: `${renderInstant(at)} (${away})`, short: away }
}

/**
 * Columns as wide as what they hold. On a terminal that is too narrow, times lose their date first,
 * then shrinking columns give way; a pipe gets everything.
 */
export function renderTable(
  look: Look,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string {
  const wide = columns.map((_, index) => rows.map((row) => row[index] ?? { text: '' }))
  let texts = wide.map((column) => column.map(({ text }) => text))
  if (look.width !== undefined && total(columns, texts) > look.width) {
    texts = wide.map((column) => column.map(({ text, short }) => short ?? text))
  }
  const widths = fit(columns, texts, look.width)
  const header = columns.map(({ title }, index) => look.paint('bold', pad(title, widths, index)))
  const lines = rows.map((row, line) =>
    columns.map((_, index) => {
      const text = pad(cut(texts[index]?.[line] ?? '', widths[index] ?? 0), widths, index)
      return paintWord(text, row[index]?.paint)
    }),
  )
  return [header, ...lines].map((line) => line.join(' '.repeat(GAP)).trimEnd()).join('\n')
}

function naturalWidths(
  columns: readonly Column[],
  texts: readonly (readonly string[])[],
): number[] {
  return columns.map(({ title }, index) =>
    Math.max(length(title), ...(texts[index] ?? []).map(length)),
  )
}

function total(columns: readonly Column[], texts: readonly (readonly string[])[]): number {
  return sum(naturalWidths(columns, texts))
}

const sum = (widths: readonly number[]): number =>
  widths.reduce((all, width) => all + width, 0) + GAP * (widths.length - 1)

function fit(
  columns: readonly Column[],
  texts: readonly (readonly string[])[],
  width: number | undefined,
): readonly number[] {
  const widths = naturalWidths(columns, texts)
  if (width === undefined) return widths
  for (let excess = sum(widths) - width; excess > 0; excess -= 1) {
    const widest = columns
      .map((column, index) => ({ index, width: widths[index] ?? 0, shrinks: column.shrinks }))
      .filter((column) => column.shrinks !== undefined && column.width > NARROWEST)
      .sort((a, b) => b.width - a.width)[0]
    if (widest === undefined) break
    widths[widest.index] = widest.width - 1
  }
  return widths
}

/** The middle goes: both ends of an alias or a serial number tell it apart. */
function cut(text: string, width: number): string {
  const characters = Array.from(text)
  if (characters.length <= width) return text
  const left = Math.ceil((width - 1) / 2)
  const right = width - 1 - left
  return `${characters.slice(0, left).join('')}…${characters.slice(characters.length - right).join('')}`
}

/** The last column is not padded: no line ends in blanks. */
function pad(text: string, widths: readonly number[], index: number): string {
  return index === widths.length - 1
    ? text
    : text + ' '.repeat(Math.max(0, (widths[index] ?? 0) - length(text)))
}

const length = (text: string): number => Array.from(text).length

/** Colour goes around the words alone: the padding stays plain. */
function paintWord(padded: string, paint: Cell['paint']): string {
  if (paint === undefined) return padded
  const words = padded.trimEnd()
  return paint(words) + ' '.repeat(padded.length - words.length)
}
