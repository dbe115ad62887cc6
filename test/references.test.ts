import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

const root = join(import.meta.dirname, '..')

describe('what is derived from the code', () => {
  it('is what the code says: node scripts/references.mjs', () => {
    const done = spawnSync(process.execPath, ['scripts/references.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(done.stderr).toBe('')
    expect(done.status).toBe(0)
  })

  it('completes and checks a namespace file in an editor', () => {
    const schema = JSON.parse(
      readFileSync(join(root, 'schema/namespace.schema.json'), 'utf8'),
    ) as object
    const validate = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(schema)
    const entry = { alias: 'payments/api', owner: { controller: 'team-payments' } }
    expect(validate({ apiVersion: 'capstan/v1', entries: [entry] })).toBe(true)
    expect(validate({ apiVersion: 'capstan/v1', entries: [{ ...entry, alias: 'Payments' }] })).toBe(
      false,
    )
    expect(validate({ apiVersion: 'capstan/v1', entires: [] })).toBe(false)
  })
})
