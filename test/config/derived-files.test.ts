import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderConfigReference } from '../../src/config/config-reference.js'
import { configSchema, leafKeys } from '../../src/config/config-schema.js'
import { variableOf } from '../../src/config/environment.js'
import { load } from './given-config.js'

const root = join(import.meta.dirname, '..', '..')
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('what scripts/cli-docs.mjs writes of the configuration', () => {
  it('schema/config.schema.json is the schema of the code', () => {
    expect(JSON.parse(textOf('schema/config.schema.json'))).toEqual(
      JSON.parse(JSON.stringify(configSchema)),
    )
  })

  it('docs/configuration.md is the reference of the code', () => {
    // The formatter pads the columns of tables.
    const bare = (text: string): string => text.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '-')
    expect(bare(textOf('docs/configuration.md'))).toBe(bare(renderConfigReference()))
  })
})

describe('the reference', () => {
  it('has every key with its variable', () => {
    const reference = renderConfigReference()
    const missing = leafKeys().filter(
      ({ keys }) =>
        !reference.includes(`| \`${keys.join('.')}\` |`) ||
        !reference.includes(`\`${variableOf(keys)}\``),
    )
    expect(missing).toEqual([])
  })

  it('shows a file that loads', () => {
    const [, example = ''] = /```yaml\n([^]*?)```/.exec(renderConfigReference()) ?? []
    expect(example).toContain('dataDir')
    expect(load(example)).toMatchObject({ ok: true })
  })
})
