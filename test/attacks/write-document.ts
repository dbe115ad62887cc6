// node --import ./test/support/typescript.mjs test/attacks/write-document.ts
// Writes the tables of docs/attacks.md from the list; what stands between them stays.
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { tables } from './document.js'

const path = 'docs/attacks.md'
const rest = [...tables()]

/** Each table that is there makes room for the next one of the list. */
const text = readFileSync(path, 'utf8').replaceAll(/(?:^\|.*\n)+/gm, () => {
  const [head = '', ...rows] = rest.shift() ?? []
  const line = head.replaceAll(/[^|]+/g, ' - ')
  return [head, line, ...rows].map((row) => `${row}\n`).join('')
})
if (rest.length > 0) throw new Error(`${path} has ${rest.length} tables too few`)
writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }))
