import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
import { json, run, type Screen } from './fake-world.js'
import { servedIndex } from './served-index.js'

let home = ''
let given: GivenIndex

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-warnings-'))
  given = await givenIndex(
    { op: 'scope.create', alias: 'payments' },
    { op: 'entry.create', alias: 'payments/checkout', owner },
    { op: 'entry.create', alias: 'payments/other', owner },
  )
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const capstan = (line: string, env: Readonly<Record<string, string>> = { NO_COLOR: '1' }) =>
  run(line.split(' '), { server: servedIndex(given), cwd: home, clock: given.clock, env })

/** What follows the first line. */
const warned = ({ exit, out }: Screen): readonly unknown[] => [
  exit,
  ...out.trimEnd().split('\n').slice(1),
]

describe('a change that takes effect at once', () => {
  it.each([
    ['entry create payments/chekcout --owner a', 'payments/chekcout', 'payments/checkout'],
    ['scope create paymemts', 'paymemts', 'payments'],
    ['entry rename payments/other payments/check0ut', 'payments/check0ut', 'payments/checkout'],
  ])('%s says what the new name resembles, and is made', async (line, alias, resembles) => {
    expect(warned(await capstan(line))).toEqual([0, `looks like: ${alias} resembles ${resembles}`])
  })

  it('says the same to programs, and nothing where there is nothing to say', async () => {
    const made = await capstan('entry create payments/chekcout --owner a --json')
    expect(json(made)).toMatchObject({
      op: 'entry.create',
      warnings: [
        { kind: 'looks-like', alias: 'payments/chekcout', resembles: 'payments/checkout' },
      ],
    })
    expect(made.exit).toBe(0)
    const plain = await capstan('entry create payments/ledger --owner a --json')
    expect(json(plain)).not.toHaveProperty('warnings')
    expect(warned(await capstan('entry create payments/web-1 --owner a'))).toEqual([0])
    expect(warned(await capstan('entry create payments/web-2 --owner a'))).toEqual([0])
  })

  it('says so of a document', async () => {
    writeFileSync(
      join(home, 'n.yaml'),
      'apiVersion: capstan/v1\nentries: [{alias: paymemts/api, owner: {controller: a}}]\n',
    )
    const applied = await capstan('apply -f n.yaml')
    expect(applied.exit).toBe(0)
    expect(applied.out).toContain('\nlooks like: paymemts resembles payments\n')
    expect(json(await capstan('apply -f n.yaml --json'))).not.toHaveProperty('warnings')
  })

  it('says what a former name leads to, and that not every name was compared', async () => {
    await given.did({ op: 'entry.rename', alias: 'payments/other', to: 'payments/ledger' })
    const made = await capstan('entry create payments/othre --owner a')
    expect(warned(made)).toEqual([
      0,
      'looks like: payments/othre resembles payments/other (a former name of payments/ledger)',
    ])
    given.index.lookAlikes = () => Promise.resolve({ found: [], complete: false })
    expect(warned(await capstan('entry create payments/mail --owner a'))).toEqual([
      0,
      'not every name beside the new ones was compared with them',
    ])
  })

  it('stays made where the store does not answer when names are compared', async () => {
    const made = await given.index.change({ op: 'entry.create', alias: 'payments/chekcout', owner })
    if (!made.ok) throw new Error('it was refused')
    const { held } = given.store.state.tables
    held.range = () => {
      throw new DependencyError('store', 'it is gone')
    }
    expect(await given.index.lookAlikes([made.value])).toEqual({ found: [], complete: false })
  })
})
