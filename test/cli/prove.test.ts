import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { makeBundle } from '../../src/verify/make-bundle.js'
import { givenServices } from '../interop/given-services.js'
import { givenSplit } from '../interop/split-vectors.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { owner } from '../namespace/given-index.js'
import { LOG, sourceOf } from '../verify/given-bundle.js'
import { json, run, type Screen, ScriptedServer } from './fake-world.js'

let home = ''
let given: GivenGroup
let server: ScriptedServer

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-prove-'))
  given = await givenServices()
  const entryBundle: ConstructorParameters<typeof ScriptedServer>[0] = {
    entryBundle: async (alias, commits) => makeBundle(await sourceOf(given), alias, commits),
  }
  server = new ScriptedServer(entryBundle)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const capstan = (...words: readonly string[]): Promise<Screen> =>
  run(words, { server, cwd: home, clock: given.clock })
/** Whoever asks a server fails. */
const elsewhere = (...words: readonly string[]): Promise<Screen> =>
  run(words, {
    cwd: home,
    clock: given.clock,
    operator: () => Promise.reject(new Error('asked')),
  })
const trust = (): readonly string[] => [
  ...['--index', given.index.state.index, '--key', formatVerifierKey(LOG.key)],
]
const call = ['web/shop/front', 'pay/api', '--port', '8080']

describe('--prove', () => {
  it('fetches the bundles again while the index changes, and says so where it does not stop', async () => {
    let [left, asked] = [0, 0]
    server = new ScriptedServer({
      entryBundle: async (alias, commits) => {
        asked += 1
        if (left > 0) {
          left -= 1
          await given.agreed({ op: 'entry.create', alias: `web/shop/new-${asked}`, owner })
        }
        return makeBundle(await sourceOf(given), alias, commits)
      },
    })
    left = 3
    await capstan('permit', ...call, '--route', 'GET /orders/7', '--prove', '-o', 'p')
    expect(asked).toBe(4)
    expect((await elsewhere('verify', 'p', ...trust())).exit).toBe(0)
    left = Infinity
    const never = await capstan('permit', ...call, '--prove', '--json')
    expect(never.exit).not.toBe(0)
    expect(json(never)).toMatchObject({ code: 'bundle.not-proved' })
  })

  it.each(['why', 'permit'])('of %s is verified where nobody can be asked', async (question) => {
    const allowed = await capstan(
      question,
      ...call,
      '--route',
      'GET /orders/7',
      '--prove',
      '-o',
      'p',
    )
    expect([allowed.exit, allowed.out]).toEqual([0, 'wrote p\n'])
    const shown = await elsewhere('verify', 'p', ...trust())
    expect(shown.exit).toBe(0)
    for (const text of [
      'verified the answer to: may web/shop/front call pay/api',
      'allowed web/shop/front -> pay/api port 8080 GET /orders/7',
      'rule orders of pay/api',
      'rule.attach pay/api',
    ]) {
      expect(shown.out).toContain(text)
    }
    const told = json(await elsewhere('verify', 'p', ...trust(), '--json'))
    expect(told).toMatchObject({
      question: { ask: 'permit', caller: 'web/shop/front', callee: 'pay/api', port: 8080 },
      answer: { allowed: true, rule: { id: 'orders' }, made: { op: 'rule.attach' } },
    })
    await capstan(question, ...call, '--route', 'PUT /orders/7', '--prove', '-o', 'p')
    const denied = await elsewhere('verify', 'p', ...trust())
    expect([denied.exit, denied.out.includes('(route)')]).toEqual([9, true])
  })

  it('of a call says where its traffic goes, and who decided on that', async () => {
    given = await givenSplit()
    await capstan('why', ...call, '--route', 'GET /orders/7', '--prove', '-o', 'p')
    const shown = await elsewhere('verify', 'p', ...trust())
    const backend = given.entry('pay/v2').uid
    for (const text of ['split of port 8080', 'pay/api 90 (90 %)', `${backend} 10 (10 %)`]) {
      expect(shown.out).toContain(text)
    }
    expect(shown.out).toMatch(/record \d+ split\.set pay\/api.*ann, bob, 200 of 151/)
    const told = json(await elsewhere('verify', 'p', ...trust(), '--json')) as {
      answer: { split: { backendRefs: unknown[] } }
    }
    expect(told.answer.split).toMatchObject({ port: 8080, made: { op: 'split.set', rev: 6 } })
    expect(told.answer.split.backendRefs).toHaveLength(2)
    expect(told.answer.split.backendRefs).toEqual(
      expect.arrayContaining([
        { uid: given.entry('pay/api').uid, alias: 'pay/api', weight: 90 },
        { uid: backend, weight: 10 },
      ]),
    )
  })

  it('of log is the whole history', async () => {
    await capstan('log', 'pay/api', '--prove', '--out', 'p')
    const told = json(await elsewhere('verify', 'p', ...trust(), '--json'))
    const { answer } = told as { answer: { history: { op: string; rev: number }[] } }
    expect(answer.history.map(({ op, rev }) => [op, rev])).toEqual([
      ['entry.create', 1],
      ['rule.attach', 2],
      ['rule.attach', 3],
    ])
    expect((await elsewhere('verify', 'p', ...trust())).out).toContain('what was ever decided')
  })

  it('of authority says who decides', async () => {
    await capstan('authority', 'pay/api', 'rule.attach', '--prove', '--out', 'p')
    const shown = await elsewhere('verify', 'p', ...trust())
    expect(shown.out).toContain('who may change pay/api (rule.attach)?')
    expect(shown.out).toContain('voters of /')
    expect(shown.out).toContain('routes of pay: requireRoutes')
  })

  it('is printed where no file is named, and is JSON', async () => {
    const printed = await capstan('log', 'pay/api', '--prove')
    writeFileSync(join(home, 'p'), printed.out)
    expect((await elsewhere('verify', 'p', ...trust())).exit).toBe(0)
  })

  it('is of nobody who changes one character', async () => {
    await capstan('why', ...call, '--prove', '-o', 'p')
    const good = readFileSync(join(home, 'p'))
    const at = good.indexOf('"orders"') + 1
    good[at] = 0x70
    writeFileSync(join(home, 'p'), good)
    const shown = await elsewhere('verify', 'p', ...trust(), '--json')
    expect([shown.exit, json(shown)['code']]).toEqual([5, 'bundle.not-proved'])
    const other = ['--index', '0'.repeat(64), ...trust().slice(2)]
    expect(json(await elsewhere('verify', 'p', ...other, '--json'))['code']).toBe(
      'bundle.wrong-index',
    )
    const certificate = [...trust(), '--certificate', 'c.pem', '--json']
    expect(json(await elsewhere('verify', 'p', ...certificate))['code']).toBe('cli.usage')
  })

  it.each([
    ['stale'],
    ['reach', 'pay/api'],
    ['log', '/'],
    ['authority', '/'],
    ['why', ...call, '--at', '3'],
    ['authority', 'pay/api', 'nonsense'],
    ['permit', '--bundle', 'a', '--bundle', 'b', '--port', '80'],
  ])('is refused, with the reason: %s %s', async (...words) => {
    const screen = await capstan(...words, '--prove', '--json')
    expect([screen.exit, json(screen)['code']]).toEqual([2, 'cli.usage'])
    expect(server.requests).toEqual([])
  })

  it('goes with --out, and --out with it', async () => {
    const screen = await capstan('why', ...call, '--out', 'p', '--json')
    expect([screen.exit, json(screen)['code']]).toEqual([2, 'cli.usage'])
  })
})
