import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { knownVerdicts } from './known-verdicts.js'
import { hierarchyNames, leafKinds } from './matrix.js'
import { twinNames } from './twins.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/validators.md'), 'utf8')
/** The formatter pads the columns of tables. */
const bare = page.replaceAll(/ {2,}/g, ' ')

describe('docs/validators.md', () => {
  it.each(knownVerdicts)('tells that $validator $verdict: $what', (known) => {
    const { validator, what, verdict, because } = known
    expect(bare).toContain(`| ${validator} | ${what} | ${verdict} | ${because} |`)
  })

  it.each([...hierarchyNames, ...leafKinds, ...twinNames])('has a row of "%s"', (name) => {
    expect(bare).toContain(`\n| ${name} |`)
  })
})
