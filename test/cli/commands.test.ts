import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { commands } from '../../src/cli/command-tree.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { ok, refuse } from '../../src/core/result.js'
import { seconds } from '../../src/core/time.js'
import { FakeClock } from '../support/fake-clock.js'
import { json, run, ScriptedServer } from './fake-world.js'

let home = ''

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'capstan-cli-'))
  writeFileSync(
    join(home, 'cert.pem'),
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  )
  writeFileSync(join(home, 'namespace.yaml'), 'apiVersion: capstan/v1\nentries: []\n')
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe.each(commands)('capstan $path', ({ path, examples, options = [] }) => {
  it('has help with an example that begins with itself', async () => {
    const screen = await run([...path.split(' '), '--help'])
    expect(screen).toMatchObject({ exit: 0, err: '' })
    for (const example of examples) {
      expect(example).toContain(`capstan ${path}`)
      expect(screen.out).toContain(example)
    }
    expect(screen.out).toContain('--json')
  })

  it('refuses an option that it does not have', async () => {
    const screen = await run([...path.split(' '), '--no-such-thing'])
    expect(screen.exit).toBe(2)
    expect(screen.err).toContain('error: ')
  })

  it('declares each option once', () => {
    const flags = options.map((option) =>
      option.flags.split(' ').find((word) => word.startsWith('--')),
    )
    expect(new Set(flags).size).toBe(flags.length)
  })
})

describe('the data folder', () => {
  it.each([
    ['certs', 'payments/api'],
    ['certs', 'revoke', '4f0c3a9e5b7d1f2846a0c8e2b4d6f081'],
    ['cert', 'show', '4f0c3a9e5b7d1f2846a0c8e2b4d6f081'],
    ['entry', 'suspend', 'payments/api'],
    ['token', 'create', 'payments/api'],
  ])('is the one that the command line names, wherever it names it: %s %s', async (...argv) => {
    const asked: string[] = []
    const operator: NonNullable<Parameters<typeof run>[1]>['operator'] = ({ dataDir }) => {
      asked.push(dataDir)
      return Promise.resolve(ok(new ScriptedServer()))
    }
    const words = argv.filter((word) => word !== '')
    const screen = await run([...words, '--data', join(home, 'there'), '--json'], {
      cwd: home,
      operator,
    })
    expect(asked).toEqual([join(home, 'there')])
    expect(typeof json(screen)).toBe('object')
  })
})

describe('what takes long', () => {
  it('tells on a terminal how far it is, and takes that away', async () => {
    const clock = new FakeClock()
    const answers: (() => void)[] = []
    const server = new ScriptedServer({
      verify: () =>
        new Promise((resolve) => {
          const verified = { records: 4, head: 'ab'.repeat(32), root: 'cg==', ok: true } as const
          answers.push(() => resolve(ok(verified)))
        }),
      progress: () => ({
        progress: { work: 'read the index log', done: 12_345, total: 1_000_000 },
      }),
    })
    const running = run(['index', 'verify'], { server, clock, columns: 80 })
    const turn = () => new Promise((resolve) => setTimeout(resolve, 20))
    while (answers.length === 0) await turn()
    clock.advance(seconds(1))
    await turn()
    answers[0]?.()
    const screen = await running
    expect(screen.err).toBe('\r\u001b[Kread the index log: 12,345 of 1,000,000\r\u001b[K')
    expect(screen.out).toContain('verified')
  })

  it('says nothing where nobody looks, and of what is not known', async () => {
    const server = new ScriptedServer({ progress: () => ({ progress: null }) })
    expect((await run(['index', 'verify'], { server })).err).toBe('')
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/verify'])
    const progress = { work: 'compare', done: 7 }
    const screen = await run(['index', 'rebuild'], {
      columns: 80,
      rebuildIndex: (_, tell) => {
        tell(progress)
        return Promise.resolve(refuse('namespace.exists', 'another process uses it'))
      },
    })
    expect(screen.err).toContain('\r\u001b[Kcompare: 7\r\u001b[K')
    expect(screen.err).toContain('another process uses it')
    expect(screen.exit).not.toBe(0)
  })
})

describe('entries that fill more than a page', () => {
  const uid = `e${'a'.repeat(31)}`
  const rows = Array.from({ length: 2500 }, (_, n) => ({
    ...{ uid, alias: `many/n${String(n).padStart(5, '0')}`, state: 'active', rev: 1, head: '' },
    ...{ owner: { controller: 'team' }, envelope: {}, effectiveEnvelope: {} },
    ...{ bindings: [], names: [], labels: {}, createdAt: '2026-11-21T00:00:00Z' },
  }))
  const server = () =>
    new ScriptedServer({
      entries: ({ after, limit }) => {
        const from = after === undefined ? 0 : Number(/n([0-9]+):/.exec(after)?.[1]) + 1
        const last = rows[from + limit - 1]
        const more = rows.length > from + limit && last && { next: `${last.alias}:${uid}` }
        return Promise.resolve(ok({ entries: rows.slice(from, from + limit), ...more }))
      },
    })

  it.each([
    { words: ['entry', 'ls'], shown: 1000, says: 'the first 1000; --limit shows more' },
    { words: ['entry', 'ls', '--limit', '2100'], shown: 2100, says: 'the first 2100;' },
    { words: ['entry', 'ls', '--limit', '2500'], shown: 2500, says: undefined },
    { words: ['entry', 'ls', '--limit', '90000'], shown: 2500, says: undefined },
    { words: ['scope', 'tree', '/', '--limit', '7'], shown: 7, says: 'the first 7 entries;' },
  ])('are $shown of them for $words', async ({ words, shown, says }) => {
    const screen = await run(words, { server: server() })
    expect(screen.out.match(/n\d{5}/g)).toHaveLength(shown)
    if (says === undefined) expect(screen.out).not.toContain('--limit')
    else expect(screen.out).toContain(says)
    const programs = json(await run([...words, '--json'], { server: server() }))
    expect(programs).toMatchObject({ entries: rows.slice(0, shown) })
  })

  it.each(['0', '-1', '1000001', 'all'])('are none with --limit %s', async (limit) => {
    const asked = server()
    const screen = await run(['entry', 'ls', '--limit', limit], { server: asked })
    expect(screen.exit).not.toBe(0)
    expect(asked.requests).toEqual([])
  })
})

/** What only looks. */
const reads = [
  'status',
  'scope show payments',
  'scope ls',
  'scope tree',
  'entry show payments/api',
  'entry ls',
  'cluster show prod',
  'cluster ls',
  'cluster check prod',
  'envelope show payments/api',
  'envelope show payments/api --effective',
  'log payments/api',
  'certs',
  'certs payments/api --live',
  'cert show 4f0c3a9e5b7d1f2846a0c8e2b4d6f081',
  'cert inspect cert.pem',
  'token ls',
  'bundle',
  'index verify',
  'index prove 7',
  'index rebuild',
  'config show',
  'config check',
  'version',
].map((line) => line.split(' '))

describe('what looks', () => {
  it.each(reads)('answers people and programs: %s %s %s', async (...words) => {
    const argv = words.filter((word) => word !== '')
    const server = new ScriptedServer()
    const screen = await run(argv, { cwd: home, server })
    expect(screen.err).toBe('')
    expect(screen.out).not.toContain('\u001b')
    expect(screen.out.trim()).not.toBe('')
    const programs = await run([...argv, '--json'], { cwd: home, server: new ScriptedServer() })
    expect({ exit: programs.exit, value: typeof json(programs) }).toEqual({
      exit: screen.exit,
      value: 'object',
    })
    expect(server.closed).toBeLessThanOrEqual(1)
  })

  it('is coloured on a terminal, and not when NO_COLOR says so', async () => {
    const argv = ['entry', 'ls']
    expect((await run(argv, { columns: 100, env: {} })).out).toContain('\u001b[')
    expect((await run(argv, { columns: 100, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b')
  })

  it('takes a terminal that does not know its width for a usual one', async () => {
    const { out } = await run(['entry', 'ls'], { columns: 0, env: { NO_COLOR: '1' } })
    expect(out).toContain('local:root')
  })

  it('keeps its tables within the terminal', async () => {
    const { out } = await run(['cluster', 'ls'], { columns: 60, env: { NO_COLOR: '1' } })
    for (const line of out.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(60)
  })
})

describe('what changes something asks for exactly that', () => {
  const alias = 'payments/api'
  it.each([
    {
      line: 'scope create payments --reason new',
      sent: { op: 'scope.create', alias: 'payments', reason: 'new' },
    },
    {
      line: `entry suspend ${alias} --ticket OPS-1`,
      sent: { op: 'entry.suspend', alias, ticket: 'OPS-1' },
    },
    { line: `entry reactivate ${alias}`, sent: { op: 'entry.reactivate', alias } },
    { line: `entry retire ${alias}`, sent: { op: 'entry.retire', alias } },
    {
      line: `entry rename ${alias} payments/v2`,
      sent: { op: 'entry.rename', alias, to: 'payments/v2' },
    },
    {
      line: `bind add ${alias} --k8s prod/pay/api`,
      sent: {
        op: 'binding.add',
        alias,
        binding: { kind: 'k8s', cluster: 'prod', namespace: 'pay', serviceAccount: 'api' },
      },
    },
    {
      line: `bind add ${alias} --vm aws region=eu region=us`,
      sent: {
        op: 'binding.add',
        alias,
        binding: { kind: 'vm', attestor: 'aws', match: { region: ['eu', 'us'] } },
      },
    },
    {
      line: `bind add ${alias} --edge tpm/gateway-17 --fleet north`,
      sent: {
        op: 'binding.add',
        alias,
        binding: { kind: 'edge', attestor: 'tpm', device: 'gateway-17', fleet: 'north' },
      },
    },
    {
      line: `envelope set ${alias} --max-ttl 1h`,
      sent: { op: 'envelope.set', alias, envelope: { maxTtl: 3600 } },
    },
    { line: 'cluster rm prod', sent: { op: 'cluster.remove', alias: 'prod' } },
  ])('$line', async ({ line, sent }) => {
    const server = new ScriptedServer()
    const screen = await run(line.split(' '), { server })
    expect(screen).toMatchObject({ exit: 0, err: '' })
    expect(server.sent('/v1/changes')).toEqual([sent])
  })

  it.each([
    { line: 'entry suspend Payments', wanted: 'a-z, 0-9' },
    { line: 'bind add a --k8s prod/pay', wanted: 'CLUSTER/NAMESPACE/SERVICE-ACCOUNT' },
    { line: 'token create a --ttl soon', wanted: '10m' },
    { line: 'certs revoke', wanted: 'serial' },
    { line: 'apply -f nowhere.yaml', wanted: 'no such file' },
  ])('and asks nothing when it cannot be meant: $line', async ({ line, wanted }) => {
    const server = new ScriptedServer()
    const screen = await run(line.split(' '), { server, cwd: home })
    expect(screen.exit).toBeGreaterThan(0)
    expect(screen.err.toLowerCase()).toContain(wanted.toLowerCase())
    expect(server.requests).toEqual([])
  })
})

describe('a refusal', () => {
  const refusing = (code: Parameters<typeof refuse>[0]) =>
    new ScriptedServer({
      change: () =>
        Promise.resolve(
          refuse(code, 'it cannot be', { wanted: 'this', found: 'that', next: 'capstan status' }),
        ),
    })
  const argv = ['entry', 'suspend', 'payments/api']

  it('says its code, what was wanted, what was found and what to do', async () => {
    const screen = await run(argv, { server: refusing('namespace.wrong-state') })
    expect(screen.out).toBe('')
    expect(screen.err).toBe(
      [
        'refused: namespace.wrong-state',
        'it cannot be',
        'wanted:  this',
        'found:   that',
        'next:    capstan status',
        `request: ${'r'.repeat(26)}`,
        '',
      ].join('\n'),
    )
  })

  it('is a problem document for programs, on standard output', async () => {
    const screen = await run([...argv, '--json'], { server: refusing('namespace.wrong-state') })
    expect(screen.err).toBe('')
    expect(json(screen)).toMatchObject({
      type: 'urn:capstan:refusal:namespace.wrong-state',
      code: 'namespace.wrong-state',
      wanted: 'this',
    })
  })

  it.each([
    { code: 'namespace.wrong-state' as const, exit: 3 },
    { code: 'namespace.unknown' as const, exit: 4 },
    { code: 'renewal.not-ours' as const, exit: 5 },
    { code: 'ca.expired' as const, exit: 6 },
    { code: 'request.throttled' as const, exit: 7 },
  ])('ends with a code that scripts know: $code is $exit', async ({ code, exit }) => {
    expect((await run(argv, { server: refusing(code) })).exit).toBe(exit)
  })

  // A verifier of signatures ended with 0 when it had fallen over.
  it.each<{ when: string; verify: () => Promise<never> }>([
    {
      when: 'a record is broken',
      verify: () => Promise.resolve(refuse('namespace.bad-canonical', 'broken') as never),
    },
    {
      when: 'the store does not answer',
      verify: () => Promise.reject(new DependencyError('store', 'gone')),
    },
    { when: 'it falls over', verify: () => Promise.reject(new Error('a bug')) },
    { when: 'the answer is none', verify: () => Promise.resolve(undefined as never) },
  ])('is never taken for a log that holds: $when (CVE-2026-44310)', async ({ verify }) => {
    const screen = await run(['index', 'verify'], { server: new ScriptedServer({ verify }) })
    expect(screen.exit).not.toBe(0)
    expect(screen.out).not.toContain('verified')
  })

  it('is not what a server that does not answer is called', async () => {
    const operator = () => Promise.reject(new DependencyError('server', 'no answer'))
    const screen = await run(argv, { operator })
    expect(screen.exit).toBe(6)
    expect(screen.err).toContain('unavailable')
  })
})

describe('capstan completion', () => {
  it.each(['bash', 'zsh', 'fish'])('knows every command: %s', async (shell) => {
    const { exit, out } = await run(['completion', shell])
    expect(exit).toBe(0)
    for (const { path } of commands) {
      for (const word of path.split(' ')) expect(out).toContain(word)
    }
  })
})
