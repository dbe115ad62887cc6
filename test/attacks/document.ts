import type { Attack, Proof } from './attack.js'
import { attacks, notYet } from './list.js'

/** The tables of docs/attacks.md, row by row as prettier would not pad them. */
export function tables(): readonly (readonly string[])[] {
  return [
    ...attacks.map((part) => [
      row('attack', 'what happened, or may be tried', 'what stops it', 'test'),
      ...part.attacks.flatMap(rowsOf),
    ]),
    [
      row('attack', 'what happened', 'what is not here yet'),
      ...notYet.map(({ id, where, what, missing }) => row(`${id}, ${where}`, what, missing)),
    ],
  ]
}

function rowsOf(attack: Attack): string[] {
  return attack.proofs.map((proof, at) =>
    row(
      at === 0 ? labelOf(attack, proof) : '',
      at === 0 ? attack.what : '',
      proof.check,
      `\`${proof.file}\`: ${escaped(proof.name.trim())}`,
    ),
  )
}

/** A number and where it happened; what is called like its test has no number. */
function labelOf({ id, where }: Attack, { name }: Proof): string {
  if (id === name || !/\d/.test(id)) return where
  return id.startsWith(where) ? id : `${id}, ${where}`
}

const row = (...cells: readonly string[]): string =>
  `| ${cells.join(' | ')} |`.replaceAll(/ +/g, ' ')

/** What markdown would take for emphasis. */
const escaped = (text: string): string =>
  text.replaceAll('__', String.raw`\_\_`).replaceAll('*', String.raw`\*`)
