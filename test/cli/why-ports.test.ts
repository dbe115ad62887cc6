import { beforeEach, describe, expect, it } from '@jest/globals'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let given: GivenIndex
let server: ScriptedServer

beforeEach(async () => {
  given = await givenIndex(
    { op: 'entry.create', alias: 'web/shop', owner },
    { op: 'entry.create', alias: 'payments/api', owner },
    { op: 'entry.create', alias: 'payments/v2', owner },
  )
  server = servedIndex(given)
})

const capstan = (...argv: readonly string[]): Promise<Screen> =>
  run(argv, { server, clock: given.clock, env: { NO_COLOR: '1' } })

const said = (line: string): Promise<Screen> => capstan(...line.split(' '))
const why = 'why web/shop payments/api'
const attach = 'rules attach payments/api --caller web/shop --id'
const route = ['--route', 'POST /x']

describe('capstan why without a port', () => {
  it('says that every port is denied, and why, where no rule names the caller', async () => {
    const { out, exit } = await said(why)
    expect(exit).toBe(9)
    expect(out).toContain('denied web/shop -> payments/api on every port\n')
    expect(out).toMatch(
      /because: +no rule of payments\/api that is in force names web\/shop \(no-rule\)\n/,
    )
    expect(out).toMatch(/owner: +team-payments\n/)
    expect(json(await said(`${why} --json`))).toMatchObject({
      ...{ allowed: false, ports: [], complete: true },
      denied: { condition: 'no-rule', change: { kind: 'entry', alias: 'payments/api' } },
    })
  })

  it('lists each rule with who decided on it, what a guard takes away, and splits', async () => {
    await said(`${attach} shop --port 8080,22 --reason orders`)
    await said(`${attach} slow --port 9000,23 --proto http --prefix /slow`)
    await said('guards set / no-ssh --forbid --ports 22-23')
    await said(
      'splits set payments/api --port 8081 --backend payments/api=9 --backend payments/v2=1',
    )
    const { out, exit } = await said(why)
    expect(exit).toBe(0)
    expect(out).toContain('allowed web/shop -> payments/api on the ports below\n')
    expect(out).toMatch(/allowed port 8080\nby: +rule shop of payments\/api \(revision 2\)\n/)
    expect(out).toMatch(/allowed port 9000 any \/slow\*\nby: +rule slow of payments\/api/)
    expect(out).toMatch(/denied port 22-23\nbecause: +the guard no-ssh of the scope \/ forbids it/)
    expect(out).toMatch(/denied port 8081\nbecause: +no rule of payments\/api .* for port 8081/)
    expect(out).toMatch(/split of port 8081: payments\/api 90 %/)
    expect(out).toMatch(/reason: +orders\ndecided by: +voters of \/, revision 1: local approve\n/)
    expect(json(await said(`${why} --json`))).toMatchObject({
      allowed: true,
      denied: null,
      ports: [
        {
          ...{ allowed: true, ports: [[8080, 8080]], rule: { id: 'shop', rev: 2 } },
          authorisation: { change: { op: 'rule.attach', rev: 2, reason: 'orders' }, scope: '' },
        },
        { allowed: true, ports: [[9000, 9000]], routes: [{ path: { prefix: '/slow' } }] },
        { allowed: false, ports: [[22, 23]], denied: { condition: 'guard', guard: 'no-ssh' } },
        { allowed: false, ports: [[8081, 8081]], denied: { condition: 'port' } },
      ],
      splits: [{ port: 8081, authorisation: { change: { op: 'split.set' } } }],
    })
  })

  it('asks of one request, and of an earlier moment', async () => {
    await said(`${attach} shop --port 8080 --proto http --prefix /orders`)
    const { out, exit } = await capstan(...why.split(' '), ...route)
    expect(exit).toBe(9)
    expect(out).toContain('denied web/shop -> payments/api POST /x on every port')
    expect(out).toContain('(route)')
    expect((await said(`${why} --at 4`)).exit).toBe(9)
    expect((await said(`${why} --at 5`)).exit).toBe(0)
    expect((await capstan(...why.split(' '), '--header', 'a: b')).exit).toBe(2)
  })

  it('is denied everywhere while one of both is suspended', async () => {
    await said(`${attach} shop --port 8080`)
    await said('entry suspend web/shop')
    const { out, exit } = await said(why)
    expect(exit).toBe(9)
    expect(out).toMatch(/because: +the entry web\/shop is suspended \(inactive\)/)
  })

  it('says that more than it lists is there', async () => {
    for (let n = 0; n < 21; n += 1) await said(`${attach} r${n} --port ${1000 + 2 * n}`)
    const { out } = await said(why)
    expect(out.match(/^allowed port/gm)).toHaveLength(20)
    expect(out).toContain('there is more: ask with --port\n')
    expect(json(await said(`${why} --json`))).toMatchObject({ complete: false })
  })

  it('wants a port for a proof', async () => {
    const screen = await said(`${why} --prove`)
    expect(screen.exit).toBe(2)
    expect(screen.err).toContain('--port is wanted with --prove')
  })
})
