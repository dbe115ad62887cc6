import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { checkParsePolicySet, validate } from '@cedar-policy/cedar-wasm/nodejs'
import { cedarEntities, type CedarEntity } from '../../src/namespace/permit/cedar.js'
import { cedarPolicies } from '../../src/namespace/permit/cedar-policies.js'
import { seconds } from '../../src/core/time.js'
import { ROOT } from '../../src/core/alias.js'
import { csvLine } from '../../src/cli/screen/csv.js'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let home = ''
let given: GivenIndex
let server: ScriptedServer

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-export-'))
  given = await givenIndex()
  server = servedIndex(given)
  const guard = { id: 'routes', effect: 'requireRoutes' } as const
  await given.did(
    { op: 'scope.create', alias: 'payments' },
    { op: 'entry.create', alias: 'payments/api', owner },
    { op: 'entry.create', alias: 'web/shop', owner },
  )
  await given.did(
    { op: 'guard.set', alias: 'payments', guard },
    {
      op: 'rule.attach',
      alias: 'payments/api',
      rule: {
        id: 'shop',
        callers: ['web/shop'],
        ports: [8080],
        routes: [{ path: { exact: '/' } }],
      },
      reason: '=HYPERLINK("http://example.com","see")',
      ticket: 'CHG-7',
    },
  )
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const capstan = (...argv: readonly string[]): Promise<Screen> =>
  run(argv, { server, cwd: home, clock: given.clock, env: { NO_COLOR: '1' } })

const source = () => ({
  scopes: given.index.state.scopes.values(),
  entries: given.index.state.entriesUnder(ROOT),
})
const byUid = (entities: Iterable<CedarEntity>) =>
  new Map([...entities].map((entity) => [JSON.stringify(entity.uid), entity]))

describe('capstan export cedar', () => {
  it('writes what Cedar takes: policies, entities and their schema', async () => {
    const screen = await capstan('export', 'cedar', '--out', 'cedar')
    expect(screen.exit).toBe(0)
    expect(readdirSync(join(home, 'cedar')).sort()).toEqual([
      'entities.json',
      'policies.cedar',
      'schema.cedarschema',
    ])
    const read = (name: string) => readFileSync(join(home, 'cedar', name), 'utf8')
    const staticPolicies = read('policies.cedar')
    expect(checkParsePolicySet({ staticPolicies })).toMatchObject({ type: 'success' })
    const checked = validate({ schema: read('schema.cedarschema'), policies: { staticPolicies } })
    expect(checked).toMatchObject({ type: 'success', validationErrors: [] })
    const entities = JSON.parse(read('entities.json')) as readonly CedarEntity[]
    expect(byUid(entities)).toEqual(byUid(cedarEntities(source())))
  })

  it('says the same whatever the pages are', async () => {
    const policies = [...cedarPolicies(source())]
    const whole = json(await capstan('export', 'cedar', '--json'))
    expect([...(whole['policies'] as string[])].sort()).toEqual([...policies].sort())
    for (const limit of [1, 2]) {
      const pages: { policies: string[]; entities: CedarEntity[]; next?: string }[] = []
      for (const part of ['scopes', 'entries']) {
        let after = ''
        do {
          const path = `/v1/cedar/${part}?limit=${limit}${after}`
          const { body } = await server.request({ method: 'GET', path })
          const page = JSON.parse(Buffer.from(body).toString()) as (typeof pages)[number]
          pages.push(page)
          after = page.next === undefined ? '' : `&after=${page.next}`
        } while (after !== '')
      }
      expect(pages).toHaveLength(4 / limit)
      expect(pages.flatMap((page) => page.policies).sort()).toEqual([...policies].sort())
      const entities = pages.flatMap((page) => page.entities)
      expect(byUid(entities)).toEqual(byUid(cedarEntities(source())))
    }
  })

  it('begins anew where the index changes between two pages, and gives up in the end', async () => {
    const request = server.request.bind(server)
    let [pages, changes] = [0, 1]
    server.request = async (asked) => {
      pages += 1
      if (asked.path.startsWith('/v1/cedar/entries') && changes-- > 0) {
        await given.did({ op: 'entry.create', alias: `web/new-${pages}`, owner })
      }
      return request(asked)
    }
    const screen = json(await capstan('export', 'cedar', '--json'))
    expect(pages).toBe(4)
    expect(screen['size']).toBe(given.index.state.size)
    changes = 100
    const never = await capstan('export', 'cedar')
    expect(never.exit).not.toBe(0)
    expect(never.err).toContain('the index changed while it was read')
    expect(never.out).toBe('')
  })
})

describe('capstan export changes', () => {
  it('is a row for each change, with who decided and what it took', async () => {
    const screen = await capstan('export', 'changes', '-o', 'q3.csv')
    expect(screen.exit).toBe(0)
    const lines = readFileSync(join(home, 'q3.csv'), 'utf8').split('\r\n')
    // The title, a line each, and what follows the last line ending.
    expect(lines).toHaveLength(given.index.state.size + 2)
    expect(lines.at(-2)).toMatch(/,payments\/api,rule\.attach,2,sensitive,/)
    expect(lines.at(-2)).toContain(',CHG-7,/,1,')
    expect(lines.at(-2)).toMatch(/local \(platform, \d+, \d{4}-\d\d-\d\dT[\d:]+Z\)/)
  })

  it('asks of a region and a time', async () => {
    const all = given.index.state.size
    const of = async (...argv: readonly string[]) => {
      const screen = await capstan('export', 'changes', '--json', ...argv)
      const { changes } = json(screen) as { changes: { change: { subject: string } }[] }
      return changes.map(({ change }) => change.subject)
    }
    expect(await of()).toHaveLength(all)
    expect(new Set(await of('--under', 'payments'))).toEqual(new Set(['payments', 'payments/api']))
    const now = new Date(given.clock.now() * 1000).toISOString().replace('.000', '')
    given.clock.advance(seconds(10))
    await given.did({ op: 'entry.create', alias: 'later', owner })
    const later = new Date(given.clock.now() * 1000).toISOString().replace('.000', '')
    expect(await of('--until', later)).toHaveLength(all)
    expect(await of('--since', later)).toEqual(['later'])
    expect(await of('--since', later, '--until', now)).toEqual([])
    expect((await capstan('export', 'changes', '--until', 'soon')).exit).toBe(2)
  })

  it('runs nothing in the spreadsheet of who reads it', async () => {
    const { out } = await capstan('export', 'changes')
    expect(out).toContain(`"'=HYPERLINK(""http://example.com"",""see"")"`)
    expect(out).not.toMatch(/(^|,|")=/m)
    const hostile = ['=1', '+1', '-1', '@x', '\t=1', '\r=1', 'a,b', 'a"b', 'a\nb', 'plain']
    expect(csvLine(hostile)).toBe(`'=1,'+1,'-1,'@x,'\t=1,"'\r=1","a,b","a""b","a\nb",plain\r\n`)
  })
})
