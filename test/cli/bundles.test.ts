import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalize } from '../../src/core/canonical-json.js'
import {
  contextConstructed,
  octetString,
  oid,
  sequence,
  utf8String,
} from '../../src/core/der-writer.js'
import { IDENTITY_OID } from '../../src/core/identity-extension.js'
import { ok } from '../../src/core/result.js'
import { seconds } from '../../src/core/time.js'
import { sha256Hex } from '../../src/core/uid.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { givenServices } from '../interop/given-services.js'
import { givenSplit } from '../interop/split-vectors.js'
import { bundleOf, edited, LOG, withoutLineage } from '../verify/given-bundle.js'
import { json, run, ScriptedServer } from './fake-world.js'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'capstan-bundles-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** Without a server: whoever asks one fails. */
const offline = (...words: readonly string[]) =>
  run([...words, '--json'], { cwd: home, operator: () => Promise.reject(new Error('asked')) })

/** What is no certificate, and has the identity extension of one. */
const claiming = (identity: object): Uint8Array => {
  const text = utf8String(canonicalize(identity))
  const extension = sequence(oid(IDENTITY_OID), octetString(text))
  return sequence(sequence(contextConstructed(3, sequence(extension))))
}

describe('bundles on the command line', () => {
  it('are verified, and decided about, with the files alone', async () => {
    const given = await givenServices()
    const files = { 'api.json': 'pay/api', 'front.json': 'web/shop/front' }
    for (const [name, alias] of Object.entries(files)) {
      writeFileSync(join(home, name), await bundleOf(given, alias))
    }
    const trust = ['--index', given.index.state.index, '--key', formatVerifierKey(LOG.key)]
    const verified = await offline('verify', 'api.json', ...trust)
    expect([verified.exit, json(verified)]).toMatchObject([
      0,
      { index: given.index.state.index, asOfBy: 'log', entry: { alias: 'pay/api' } },
    ])
    const both = ['--bundle', 'front.json', '--bundle', 'api.json', '--port', '8080']
    const asked = async (...words: readonly string[]) => {
      const screen = await offline('permit', ...both, ...words)
      return [screen.exit, json(screen)]
    }
    expect(await asked('--route', 'GET /orders/7', ...trust)).toMatchObject([
      0,
      { allowed: true, rule: { id: 'orders' }, caller: 'web/shop/front', callee: 'pay/api' },
    ])
    expect(await asked('--route', 'PUT /orders/7', ...trust)).toMatchObject([
      9,
      { allowed: false, denied: { condition: 'route' } },
    ])
    expect(await asked('--route', 'GET /a//b', ...trust)).toMatchObject([
      3,
      { code: 'namespace.malformed' },
    ])
    // Nobody is believed because a file says so.
    expect(await asked()).toMatchObject([2, { code: 'cli.usage' }])
    const other = ['--index', '0'.repeat(64), ...trust.slice(2)]
    expect(await asked(...other)).toMatchObject([3, { code: 'bundle.wrong-index' }])
  })

  it('say where the traffic of a port goes', async () => {
    const given = await givenSplit()
    const files = { 'api.json': 'pay/api', 'front.json': 'web/shop/front' }
    for (const [name, alias] of Object.entries(files)) {
      writeFileSync(join(home, name), await bundleOf(given, alias))
    }
    const trust = ['--index', given.index.state.index, '--key', formatVerifierKey(LOG.key)]
    const split = `pay/api 90 (90 %), ${given.entry('pay/v2').uid} 10 (10 %)`
    const verified = await run(['verify', 'api.json', ...trust], { cwd: home })
    expect(verified.out).toContain(`port 8080: ${split}`)
    const both = ['permit', '--bundle', 'front.json', '--bundle', 'api.json', ...trust]
    const denied = await run([...both, '--port', '8080'], { cwd: home })
    expect([denied.exit, denied.out.includes('pay/api 90 (90 %)')]).toEqual([9, true])
    const told = await offline(...both, '--port', '8080')
    expect(json(told)).toMatchObject({ split: { port: 8080, made: { op: 'split.set' } } })
    expect(json(await offline(...both, '--port', '80'))).toMatchObject({ split: null })
  })

  it('say of when they are, and that nobody said how old they may be', async () => {
    const given = await givenServices()
    const files = { 'api.json': 'pay/api', 'front.json': 'web/shop/front' }
    for (const [name, alias] of Object.entries(files)) {
      writeFileSync(join(home, name), await bundleOf(given, alias))
    }
    given.clock.advance(seconds(7200))
    const trust = ['--index', given.index.state.index, '--key', formatVerifierKey(LOG.key)]
    const route = ['--port', '8080', '--route', 'GET /orders/7']
    const permit = ['permit', '--bundle', 'front.json', '--bundle', 'api.json', ...route, ...trust]
    const world = { cwd: home, clock: given.clock, env: { NO_COLOR: '1' } }
    const line = /as of: .*\(2 h ago\) \(its last record; however old: --age bounds it\)\n/
    for (const words of [['verify', 'api.json', ...trust], permit]) {
      expect((await run(words, world)).out).toMatch(line)
      const bounded = await run([...words, '--age', '3h'], world)
      expect(bounded.out).toMatch(/as of: .*\(2 h ago\) \(its last record\)\n/)
      expect((await run([...words, '--age', '1h', '--json'], world)).exit).toBe(5)
    }
    const old = { age: 7200, maxAge: null, asOfBy: 'log' }
    expect(json(await run(['verify', 'api.json', ...trust, '--json'], world))).toMatchObject(old)
    expect(json(await run([...permit, '--age', '3h', '--json'], world))).toMatchObject({
      from: [
        { ...old, maxAge: 10_800, entry: 'web/shop/front' },
        { ...old, maxAge: 10_800, entry: 'pay/api' },
      ],
    })
  })

  it.each([[['--key', 'k']], [[]]])('want an index, and say where it is: %j', async (words) => {
    for (const command of [
      ['verify', 'api.json'],
      ['permit', '--bundle', 'a', '--bundle', 'b', '--port', '80'],
    ]) {
      const screen = await offline(...command, ...words)
      expect(screen.exit).toBe(2)
      expect(json(screen)['detail']).toContain('it is missing')
      expect(json(screen)['next']).toContain('capstan status')
    }
  })

  it('are refused where nothing shows who could decide, until the log is trusted', async () => {
    const given = await givenServices()
    const unsigned = edited(await bundleOf(given, 'pay/api'), ({ entry: { commits } }) => {
      for (const { envelopes } of commits) {
        for (const { signatures } of envelopes) {
          signatures[0]!.sig = Buffer.alloc(64).toString('base64')
        }
      }
    })
    const files = {
      'front.json': await bundleOf(given, 'web/shop/front'),
      'cut.json': withoutLineage(await bundleOf(given, 'pay/api')),
      'unsigned.json': unsigned,
    }
    for (const [name, octets] of Object.entries(files)) writeFileSync(join(home, name), octets)
    const trust = ['--index', given.index.state.index, '--key', formatVerifierKey(LOG.key)]
    const asked = async (callee: string, ...words: readonly string[]) => {
      const verified = await offline('verify', callee, ...trust, ...words)
      const call = ['--bundle', 'front.json', '--bundle', callee, '--port', '8080']
      const route = ['--route', 'GET /orders/7']
      const permitted = await offline('permit', ...call, ...route, ...trust, ...words)
      return [verified, permitted].map((screen) => [screen.exit, json(screen)])
    }
    const not = (code: string, exit: number) => [exit, { code }]
    const counted = not('bundle.not-counted', 5)
    expect(await asked('cut.json')).toMatchObject([counted, counted])
    expect(await asked('cut.json', '--trust-log')).toMatchObject([
      [0, { groupsBy: 'log' }],
      [0, { allowed: true }],
    ])
    const proved = not('bundle.not-proved', 5)
    expect(await asked('unsigned.json')).toMatchObject([proved, proved])
    expect(await asked('unsigned.json', '--trust-log')).toMatchObject([proved, proved])
  })

  it('are compared with what a certificate says, which is not believed to be signed', async () => {
    const given = await givenServices()
    writeFileSync(join(home, 'api.json'), await bundleOf(given, 'pay/api'))
    const { index } = given.index.state
    const trust = ['--index', index, '--key', formatVerifierKey(LOG.key)]
    const { entry, policyDigest } = json(await offline('verify', 'api.json', ...trust))
    const { uid } = entry as { readonly uid: string }
    const asked = async (identity: object) => {
      writeFileSync(join(home, 'cert.der'), claiming(identity))
      const words = ['verify', 'api.json', ...trust, '--certificate', 'cert.der']
      const said = await offline(...words)
      const { out } = await run(words, { cwd: home })
      expect(out).toContain('its signature was not checked here')
      return [said.exit, json(said)['certificate']]
    }
    expect(await asked({ index, policyDigest, uid })).toEqual([0, 'same-policy'])
    const other = sha256Hex('other')
    expect(await asked({ index, policyDigest: other, uid })).toEqual([3, 'other-policy'])
    expect(await asked({ index, policyDigest, uid: 'e' })).toEqual([3, 'other-entry'])
    expect(await asked({ index: other, policyDigest, uid })).toEqual([3, 'other-entry'])
    expect(await asked([])).toEqual([3, 'no-identity'])
    writeFileSync(join(home, 'cert.der'), sequence(sequence()))
    const none = await offline('verify', 'api.json', ...trust, '--certificate', 'cert.der')
    expect([none.exit, json(none)]).toMatchObject([3, { certificate: 'no-identity' }])
  })

  it.each([
    ['one bundle', ['permit', '--bundle', 'a', '--port', '80']],
    ['three', ['permit', '--bundle', 'a', '--bundle', 'b', '--bundle', 'c', '--port', '80']],
    ['aliases too', ['permit', 'a', 'b', '--bundle', 'a', '--bundle', 'b', '--port', '80']],
    ['no port', ['permit', '--bundle', 'a', '--bundle', 'b', '--port', 'x']],
    ['neither', ['permit', '--port', '80']],
    ['no key', ['verify', 'a', '--index', '0'.repeat(64)]],
  ])('are asked for as they are meant: %s', async (_, words) => {
    const screen = await offline(...words)
    expect([screen.exit, json(screen)]).toMatchObject([2, { code: 'cli.usage' }])
  })

  it('are exported as the server gives them', async () => {
    const octets = Buffer.from('{"v":1}\n')
    const server = new ScriptedServer({ entryBundle: () => Promise.resolve(ok(octets)) })
    const { out } = await run(['bundle', 'export', 'pay/api'], { server, cwd: home })
    expect(out).toContain('{"v":1}')
  })
})
