import { describe, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ok, refuse } from '../../src/core/result.js'
import { json, run, ScriptedServer } from './fake-world.js'

const alias = 'payments/api'
const shop = { callers: ['web/shop'], ports: [[8080, 8080]] }

describe('changes of rules, splits and guards', () => {
  it.each<{ readonly argv: readonly string[]; readonly sent: object }>([
    {
      argv: ['rules', 'attach', alias, '--id', 'shop', '--caller', 'web/shop', '--port', '8080'],
      sent: { op: 'rule.attach', alias, rule: { ...shop, id: 'shop' } },
    },
    {
      argv: [
        ...['rules', 'attach', alias, '--caller', 'web/shop', '--subtree', 'ops', '--subtree', '/'],
        ...['--port', '443,8000-8080', '--proto', 'grpc', '--route', 'GET /a b', '--route', '/c'],
        ...['--prefix', 'PUT /d', '--until', '2027-01-01T00:00:00Z', '--reason', 'why not'],
      ],
      sent: {
        op: 'rule.attach',
        alias,
        reason: 'why not',
        rule: {
          callers: ['web/shop', { subtree: 'ops' }, { subtree: '' }],
          ports: [
            [443, 443],
            [8000, 8080],
          ],
          proto: 'grpc',
          routes: [
            { method: 'GET', path: { exact: '/a b' } },
            { path: { exact: '/c' } },
            { method: 'PUT', path: { prefix: '/d' } },
          ],
          until: '2027-01-01T00:00:00Z',
        },
      },
    },
    {
      argv: ['rules', 'replace', alias, '--id', 'shop', '--caller', 'web/shop', '--port', '8080'],
      sent: { op: 'rule.replace', alias, rule: { ...shop, id: 'shop' } },
    },
    {
      argv: ['rules', 'detach', alias, 'shop'],
      sent: { op: 'rule.detach', alias, rule: 'shop' },
    },
    {
      argv: [
        ...['splits', 'set', alias, '--port', '8080', '--backend', 'payments/v2:8081=10'],
        ...['--backend', 'payments/api=90', '--backend', 'payments/v3'],
      ],
      sent: {
        op: 'split.set',
        alias,
        split: {
          port: 8080,
          backendRefs: [
            { entry: 'payments/v2', port: 8081, weight: 10 },
            { entry: alias, weight: 90 },
            { entry: 'payments/v3' },
          ],
        },
      },
    },
    {
      argv: ['splits', 'clear', alias, '--port', '8080'],
      sent: { op: 'split.clear', alias, port: 8080 },
    },
    {
      argv: ['guards', 'set', '/', 'all', '--forbid'],
      sent: { op: 'guard.set', alias: '', guard: { id: 'all', effect: 'forbid' } },
    },
    {
      argv: [
        ...['guards', 'set', 'payments', 'no-web', '--forbid', '--callers', 'web, ops'],
        ...['--callees', '/', '--ports', '22'],
      ],
      sent: {
        op: 'guard.set',
        alias: 'payments',
        guard: {
          id: 'no-web',
          effect: 'forbid',
          callers: ['web', 'ops'],
          callees: [''],
          ports: [[22, 22]],
        },
      },
    },
    {
      argv: ['guards', 'set', 'payments', 'hour', '--max-ttl', '1h'],
      sent: {
        op: 'guard.set',
        alias: 'payments',
        guard: { id: 'hour', effect: 'maxTtl', maxTtl: 3600 },
      },
    },
    {
      argv: ['guards', 'set', 'payments', 'l7', '--require-routes'],
      sent: { op: 'guard.set', alias: 'payments', guard: { id: 'l7', effect: 'requireRoutes' } },
    },
    {
      argv: [
        ...['guards', 'set', 'payments', 'two', '--min-controllers', 'sensitive=2'],
        ...['--min-controllers', 'structural=3'],
      ],
      sent: {
        op: 'guard.set',
        alias: 'payments',
        guard: { id: 'two', effect: 'minControllers', least: { sensitive: 2, structural: 3 } },
      },
    },
    {
      argv: ['guards', 'clear', 'payments', 'two'],
      sent: { op: 'guard.clear', alias: 'payments', guard: 'two' },
    },
  ])('$argv', async ({ argv, sent }) => {
    const server = new ScriptedServer()
    expect(await run(argv, { server })).toMatchObject({ exit: 0, err: '' })
    expect(server.sent('/v1/changes')).toEqual([sent])
  })

  it('take a rule and a guard from a file', async () => {
    const home = mkdtempSync(join(tmpdir(), 'capstan-rules-'))
    try {
      const rule = {
        ...shop,
        routes: [{ path: { prefix: '/' }, headers: [{ name: 'a', value: 'b' }] }],
      }
      writeFileSync(join(home, 'rule.yaml'), JSON.stringify(rule))
      writeFileSync(join(home, 'list.yaml'), '- no\n- mapping\n')
      const server = new ScriptedServer()
      const attach = ['rules', 'attach', alias, '--file']
      await run([...attach, 'rule.yaml', '--id', 'shop'], { server, cwd: home })
      expect(server.sent('/v1/changes')).toEqual([
        { op: 'rule.attach', alias, rule: { ...rule, id: 'shop' } },
      ])
      for (const file of ['list.yaml', 'nowhere.yaml']) {
        expect((await run([...attach, file], { server, cwd: home })).exit).toBe(2)
      }
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })

  it.each([
    ['rules', 'attach', alias, '--port', '8080'],
    ['rules', 'attach', alias, '--caller', 'web/shop'],
    ['rules', 'attach', alias, '--caller', 'web/shop', '--port', '0'],
    ['rules', 'attach', alias, '--caller', 'web/shop', '--port', '90-80'],
    ['rules', 'replace', alias, '--caller', 'web/shop', '--port', '80'],
    ['rules', 'detach', alias],
    ['splits', 'set', alias, '--port', '8080'],
    ['splits', 'set', alias, '--port', 'http', '--backend', 'a'],
    ['splits', 'set', alias, '--port', '80', '--backend', 'a=b'],
    ['guards', 'set', 'payments', 'g'],
    ['guards', 'set', 'payments', 'g', '--forbid', '--require-routes'],
    ['guards', 'set', 'payments', 'g', '--max-ttl', 'soon'],
    ['guards', 'set', 'payments', 'g', '--min-threshold', 'two'],
    ['permit', 'web/shop', alias],
    ['permit', 'web/shop', alias, '--port', '80', '--header', 'none'],
  ])('are refused here where they cannot be read: %s %s %s', async (...argv) => {
    const server = new ScriptedServer()
    expect((await run(argv, { server })).exit).toBe(2)
    expect(server.requests).toEqual([])
  })
})

describe('what is shown', () => {
  it('of rules', async () => {
    const screen = await run(['rules', 'list', alias])
    expect(screen.out).toContain('shop')
    expect(screen.out).toContain('web/shop, ops/...')
    expect(screen.out).toContain('8080')
    expect(screen.out).toContain('GET /orders and below')
    expect(json(await run(['rules', 'list', alias, '--json']))).toHaveProperty('rules.0.id', 'shop')
  })

  it('of splits', async () => {
    const screen = await run(['splits', 'list', alias])
    expect(screen.out).toContain('payments/api:8080')
    expect(screen.out).toContain('90.0 %')
    expect(screen.out).toContain('payments/v2:8081')
    expect(json(await run(['splits', 'list', alias, '--json']))).toHaveProperty(
      'splits.0.port',
      8080,
    )
  })

  it('of guards', async () => {
    const screen = await run(['guards', 'list'])
    expect(screen.out).toMatch(/\/ +no-ssh +calls of anybody to anybody on port 22/)
    expect(json(await run(['guards', 'list', '--json']))).toHaveProperty('guards.0.scope', '')
  })
})

describe('capstan permit', () => {
  const ask = ['permit', 'web/shop', alias, '--port', '8080', '--route', 'GET /a']
  const denied = new ScriptedServer({
    permit: ({ caller, callee, port }) =>
      Promise.resolve(
        ok({
          ...{ allowed: false, caller, callee, port, at: '2026-11-21T00:00:00Z' },
          denied: {
            condition: 'no-rule',
            detail: 'no rule names it',
            change: { kind: 'entry', alias, owner: 'team-payments', decidedBy: '' },
          },
        }),
      ),
  })

  it('says by what a call is allowed', async () => {
    const server = new ScriptedServer()
    const screen = await run([...ask, '--header', 'X-Team: red', '--header', 'a:b'], { server })
    expect(screen.exit).toBe(0)
    expect(screen.out).toContain('allowed web/shop -> payments/api port 8080')
    expect(screen.out).toContain('rule shop of payments/api (revision 2)')
    const { searchParams } = new URL(server.requests[0]!.path, 'http://host')
    expect(Object.fromEntries(searchParams)).toEqual({
      caller: 'web/shop',
      callee: alias,
      port: '8080',
      route: 'GET /a',
      headers: 'X-Team: red\na:b',
    })
  })

  it('says what a call is denied by, and ends with 9', async () => {
    const screen = await run(ask, { server: denied })
    expect(screen).toMatchObject({ exit: 9, err: '' })
    expect(screen.out).toContain('denied web/shop -> payments/api port 8080')
    expect(screen.out).toContain('no rule names it (no-rule)')
    expect(screen.out).toContain('entry payments/api')
    expect(screen.out).toContain('team-payments')
    expect(screen.out).toContain('voters of the scope /')
    const plain = await run([...ask, '--json'], { server: denied })
    expect(plain.exit).toBe(9)
    expect(json(plain)).toMatchObject({ allowed: false })
  })

  it('takes a refusal for no decision', async () => {
    const server = new ScriptedServer({
      permit: () => Promise.resolve(refuse('namespace.unknown', 'there is no such entry')),
    })
    expect((await run(ask, { server })).exit).toBe(4)
  })
})
