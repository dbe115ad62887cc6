import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLogAnswer } from '../../src/compose/open-log-answer.js'
import type { World } from '../../src/cli/world.js'
import { days, minutes, toIso } from '../../src/core/time.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { formatHeader, parseHeader } from '../../src/verify/log-answer.js'
import type { LogQuestion } from '../../src/verify/log-question.js'
import { givenServices } from '../interop/given-services.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { brakeBy } from '../namespace/given-brake.js'
import { clusterFacts, owner, valueOf } from '../namespace/given-index.js'
import { systemRandom } from '../../src/system.js'
import { LOG } from '../verify/given-bundle.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let home = ''
let given: GivenGroup
let server: ScriptedServer
/** A proposal that waits for votes. */
let waiting = ''
/** Records that there were when a rule was there that is gone since. */
let before = 0
/** Records that there were when the proposal had just been opened. */
let opened = 0

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-log-answers-'))
  given = await givenServices()
  server = servedIndex(given)
  await given.agreed({ op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') })
  given.clock.advance(days(1))
  const rule = { id: 'old', callers: ['web/shop/front'], ports: [9090], routes: [{ path: root }] }
  await given.agreed({ op: 'entry.create', alias: 'pay/old', owner })
  await given.agreed({ op: 'rule.attach', alias: 'pay/old', rule })
  before = given.index.state.size
  given.clock.advance(days(1))
  const detach = await given.proposed({ op: 'rule.detach', alias: 'pay/old', rule: 'old' })
  await given.votes(given.ann, detach)
  await given.agreed({ op: 'guard.clear', alias: 'pay', guard: 'routes' })
  const admin = await given.proposed({
    op: 'rule.attach',
    alias: 'pay/api',
    rule: { id: 'admin', callers: [{ subtree: 'web' }], ports: [9091], routes: [{ path: root }] },
  })
  opened = given.index.state.size
  await given.votes(given.ann, admin)
  waiting = admin.id
  const brake = brakeBy(given.index.state, [given.ann], { alias: 'pay/old' }, { at: given.now() })
  valueOf(await given.index.submitBrake(brake))
  given.clock.advance(minutes(10))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const capstan = (...words: readonly string[]): Promise<Screen> =>
  run(words, { server, cwd: home, clock: given.clock })
const silent = { debug: () => undefined, warn: () => undefined, error: () => undefined }
const openWith =
  (signal: AbortSignal): World['openLogAnswer'] =>
  (pieces, options, progress) =>
    openLogAnswer(pieces, options, progress, { random: systemRandom, signal, log: silent })
const reading = openWith(new AbortController().signal)
/** Whoever asks a server fails. */
const elsewhere = (...words: readonly string[]): Promise<Screen> =>
  run(words, {
    cwd: home,
    clock: given.clock,
    operator: () => Promise.reject(new Error('asked')),
    openLogAnswer: reading,
  })
const trust = (): readonly string[] => [
  ...['--index', given.index.state.index, '--key', formatVerifierKey(LOG.key)],
]
const verify = (...more: readonly string[]): Promise<Screen> =>
  elsewhere('verify', 'p', ...trust(), ...more)

const root = { prefix: '/' } as const
const call = ['web/shop/front', 'pay/old', '--port', '9090', '--route', 'GET /a']
const since = '2026-01-01T00:00:00Z'

describe('--prove with the log', () => {
  it.each<readonly [string, () => readonly string[]]>([
    ['reach', () => ['reach', 'web/shop/front']],
    ['reach of nobody', () => ['reach', 'pay/api']],
    ['a part of reach', () => ['reach', 'web/shop/front', '--limit', '1']],
    ['reach as it was', () => ['reach', 'web/shop/front', '--at', String(before)]],
    ['callers', () => ['callers', 'pay/api']],
    ['callers as they were', () => ['callers', 'pay/old', '--at', String(before)]],
    ['why as it was', () => ['why', ...call, '--at', String(before)]],
    ['permit as it was', () => ['permit', ...call, '--at', String(before - 1)]],
    ['permit at a time', () => ['permit', ...call, '--at', toIso(given.clock.now())]],
    ['authority of the root', () => ['authority', '/']],
    ['authority of a scope', () => ['authority', 'pay', 'guard.set']],
    ['authority of what is not there', () => ['authority', 'pay/new', 'entry.create']],
    ['authority as it was', () => ['authority', 'pay/api', '--at', '2']],
    ['log of the root', () => ['log', '/']],
    ['log of a scope', () => ['log', 'pay']],
    ['log of a cluster', () => ['log', 'prod']],
    ['diff', () => ['diff', '5', String(before)]],
    ['diff of a region', () => ['diff', '5', toIso(given.clock.now()), 'pay']],
    ['impact', () => ['impact', waiting.slice(0, 12)]],
    ['resilience', () => ['resilience', '/', '--without', 'ann,bob']],
    ['resilience of all', () => ['resilience', 'pay']],
    ['exceptions', () => ['exceptions']],
    ['exceptions lately', () => ['exceptions', '--since', since, '--limit', '1']],
    ['votes', () => ['voter', 'votes', 'bob']],
    ['decisive votes', () => ['voter', 'votes', 'bob', '--decisive', '--since', since]],
    ['inbox', () => ['inbox']],
    ['inbox of a voter', () => ['inbox', '--as', 'ann']],
    ['changes', () => ['export', 'changes', '--since', since]],
    [
      'changes of a region',
      () => ['export', 'changes', '--under', 'pay', '--until', '2100-01-01', '--format', 'json'],
    ],
    ['Cedar', () => ['export', 'cedar']],
    ['what ends', () => ['stale', '--ending', '--ahead', '90']],
    ['what was to end', () => ['stale', 'pay', '--ending', '--at', String(opened)]],
    ['log of the root as it was', () => ['log', '/', '--at', '3']],
    ['log of an entry as it was', () => ['log', 'pay/old', '--at', String(before)]],
    ['impact as it was', () => ['impact', waiting.slice(0, 12), '--at', String(opened)]],
    ['impact on what it was made for', () => ['impact', waiting, '--at', String(opened)]],
    ['resilience as it was', () => ['resilience', '/', '--without', 'local', '--at', '5']],
    ['exceptions as they were', () => ['exceptions', '--at', String(before)]],
    ['votes as they were', () => ['voter', 'votes', 'bob', '--at', String(before)]],
    ['inbox as it was', () => ['inbox', '--at', String(opened)]],
    ['inbox at a time', () => ['inbox', '--as', 'ann', '--at', toIso(given.clock.now())]],
    ['changes as they were', () => ['export', 'changes', '--at', String(before)]],
    ['Cedar as it was', () => ['export', 'cedar', '--at', String(before)]],
  ])('of %s is the answer of the server', async (_, words) => {
    const line = words()
    const [plain, plainJson] = [await capstan(...line), json(await capstan(...line, '--json'))]
    expect(plain.err).toBe('')
    const proved = await capstan(...line, '--prove', '-o', 'p')
    const { size } = given.index.state
    expect([proved.exit, proved.out]).toEqual([
      0,
      `wrote p: the question, and the ${size} records of the log\n`,
    ])
    const shown = await verify()
    expect(shown.err).toBe('')
    expect(shown.exit).toBe(plain.exit)
    expect(shown.out).toMatch(/^verified the answer to: .+\?\n\n/)
    expect(shown.out).toContain(
      `\n\n${plain.out.trimEnd()}\n\nfrom: acme.example/index, all of its`,
    )
    const told = json(await verify('--json'))
    expect(told['answer']).toEqual(plainJson)
    expect(told['from']).toEqual([
      {
        index: given.index.state.index,
        log: 'acme.example/index',
        size,
        asOf: toIso(given.index.state.at),
        asOfBy: 'log',
        age: expect.any(Number),
        maxAge: null,
      },
    ])
  })

  it('says what was asked', async () => {
    await capstan('reach', 'web/shop/front', '--at', String(before), '--prove', '-o', 'p')
    const shown = await verify()
    expect(shown.out).toContain(`whom may web/shop/front call, as of ${before} records?`)
    expect(json(await verify('--json'))['question']).toEqual({
      ...{ ask: 'reach', alias: 'web/shop/front', limit: 1000, moment: String(before) },
      at: given.clock.now(),
    })
  })

  it('says where the log ends before the time that was asked about', async () => {
    const later = toIso(given.clock.now())
    await capstan('callers', 'pay/old', '--at', later, '--prove', '-o', 'p')
    const end = toIso(given.index.state.at)
    expect((await verify()).out).toContain(
      `what was decided between ${end} and ${later}, it does not show`,
    )
  })

  it('is of the moment at which it was asked, whatever is decided after it', async () => {
    await capstan('inbox', '--prove', '-o', 'p')
    const { answer } = json(await verify('--json'))
    expect(answer).toMatchObject({
      proposals: [{ id: waiting }],
      brakes: [{ standing: 'in-effect' }],
    })
    await given.votes(given.bob, await given.proposal(waiting))
    given.clock.advance(days(30))
    expect(json(await capstan('inbox', '--json'))['proposals']).toEqual([])
    expect(json(await verify('--json'))['answer']).toEqual(answer)
    expect(json(await verify('--json', '--age', '1h'))['code']).toBe('bundle.stale')
  })

  it('has a file, and leaves none where the question is refused', async () => {
    const nowhere = await capstan('reach', 'web/shop/front', '--prove', '--json')
    expect([nowhere.exit, json(nowhere)['code']]).toEqual([2, 'cli.usage'])
    const nobody = await capstan('reach', 'no/body', '--prove', '-o', 'q', '--json')
    expect([nobody.exit, json(nobody)['code']]).toEqual([4, 'namespace.unknown'])
    const noFolder = await capstan('reach', 'web/shop/front', '--prove', '-o', 'no/q', '--json')
    expect([noFolder.exit, json(noFolder)['code']]).toEqual([2, 'cli.usage'])
    expect(readdirSync(home)).toEqual(['p'])
    const alone = await capstan('reach', 'web/shop/front', '-o', 'q', '--json')
    expect([alone.exit, json(alone)['code']]).toEqual([2, 'cli.usage'])
  })

  it('leaves nothing in the folder of temporary files', async () => {
    await capstan('inbox', '--prove', '-o', 'p')
    const usual = process.env['TMPDIR']
    const folder = mkdtempSync(join(tmpdir(), 'capstan-log-answers-'))
    process.env['TMPDIR'] = folder
    try {
      expect((await verify()).exit).toBe(0)
      await elsewhere('verify', 'p', '--index', '0'.repeat(64), ...trust().slice(2))
      expect(readdirSync(folder)).toEqual([])
    } finally {
      if (usual === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = usual
      rmSync(folder, { recursive: true })
    }
  })
})

describe('capstan verify', () => {
  const questioned = (question: Partial<LogQuestion>): void => {
    const [line = '', ...lines] = readFileSync(join(home, 'p'), 'utf8').split('\n')
    const header = valueOf(parseHeader(Buffer.from(line)))
    const other = { ...header.question, ...question } as LogQuestion
    const first = formatHeader({ ...header, question: other })
    writeFileSync(join(home, 'p'), `${first}${lines.join('\n')}`)
  }

  it('refuses a question about what is not there, as a server does', async () => {
    await capstan('callers', 'pay/api', '--prove', '-o', 'p')
    questioned({ alias: 'no/body' } as never)
    const shown = await verify('--json')
    expect([shown.exit, json(shown)['code']]).toEqual([4, 'namespace.unknown'])
    questioned({ alias: 'pay/api', moment: '99999' } as never)
    expect(json(await verify('--json'))['code']).toBe('namespace.unknown')
  })

  it('takes no certificate for it, and no other file for it', async () => {
    await capstan('inbox', '--prove', '-o', 'p')
    const certificate = await verify('--certificate', 'c.pem', '--json')
    expect(json(certificate)['code']).toBe('cli.usage')
    const bundles = ['--bundle', 'p', '--bundle', 'p', '--port', '80', ...trust(), '--json']
    expect(json(await elsewhere('permit', ...bundles))['code']).toBe('bundle.malformed')
    const proof = ['verify-proof', 'p', '--key', formatVerifierKey(LOG.key), '--json']
    expect(json(await elsewhere(...proof))['code']).toBe('tlog.malformed')
    expect(json(await elsewhere('verify', 'none', ...trust(), '--json'))['code']).toBe('cli.usage')
    expect(json(await elsewhere('verify', '.', ...trust(), '--json'))['code']).toBe('cli.usage')
  })

  it('reads standard input too', async () => {
    await capstan('reach', 'web/shop/front', '--prove', '-o', 'p')
    const { out } = await verify()
    const input = readFileSync(join(home, 'p'), 'utf8')
    const piped = await run(['verify', '-', ...trust()], {
      ...{ input, clock: given.clock, openLogAnswer: reading },
    })
    expect([piped.exit, piped.out]).toEqual([0, out])
  })

  it('stops where it is told to', async () => {
    await capstan('inbox', '--prove', '-o', 'p')
    const screen = await run(['verify', 'p', ...trust(), '--json'], {
      ...{ cwd: home, clock: given.clock, openLogAnswer: openWith(AbortSignal.abort()) },
    })
    expect([screen.exit, json(screen)['code']]).toEqual([6, 'unavailable'])
  })
})
