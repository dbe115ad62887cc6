import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type GivenIndex, givenIndex } from '../namespace/given-index.js'
import type { VoterTokens } from '../../src/namespace/ports.js'
import { MemoryTokens } from '../support/memory-tokens.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let home = ''
let given: GivenIndex
let server: ScriptedServer
let tokens: MemoryTokens

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-token-'))
  given = await givenIndex()
  server = servedIndex(given)
  tokens = new MemoryTokens(['ann', 'bob'])
  writeFileSync(join(home, 'pin'), `${tokens.pin}\n`, { mode: 0o600 })
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const capstan = (line: string, secret?: string): Promise<Screen> =>
  run(line.split(' '), {
    ...{ server, cwd: home, clock: given.clock, tokens },
    secret: () => Promise.resolve(secret),
  })

const onToken = (token: string, pin = `&pin-source=file:${join(home, 'pin')}`): string =>
  `pkcs11:token=${token};object=vote?module-path=${tokens.module}${pin}`

async function enrolled(name: string, alg: string): Promise<void> {
  const made = await capstan(`voter keygen --alg ${alg} --key ${onToken(name)} --json`)
  expect(json(made)).toMatchObject({ key: onToken(name) })
  const { index } = given.index.state
  const who = `--id ${name} --controller ${name}@acme --index ${index}`
  const voter = await capstan(`voter enrol --key ${onToken(name)} ${who}`)
  writeFileSync(join(home, `${name}.json`), voter.out)
}

async function waiting(): Promise<string> {
  const { proposals } = json(await capstan('inbox --json')) as { proposals: { id: string }[] }
  return proposals[0]?.id ?? ''
}

describe('a voter whose key is on a token', () => {
  it('is enrolled and votes as one whose key is in a file', async () => {
    await enrolled('ann', 'es256')
    await enrolled('bob', 'ed25519')
    expect((await capstan('group set / --voter ann.json --voter bob.json')).exit).toBe(8)
    const id = await waiting()
    expect((await capstan(`vote ${id} --approve --as ann --key ${onToken('ann')}`)).exit).toBe(8)
    const second = await capstan(
      `vote ${id} --approve --as bob --key ${onToken('bob', '')}`,
      '1234',
    )
    expect([second.exit, second.err.includes('1234')]).toEqual([0, false])
    expect((await capstan('scope create shop')).exit).toBe(8)
    const next = await waiting()
    const detached = await capstan(
      `vote ${next} --approve --as ann --key ${onToken('ann')} --detached`,
    )
    writeFileSync(join(home, 'vote.json'), detached.out)
    expect((await capstan('submit vote.json')).exit).toBe(8)
    expect((await capstan(`vote ${next} --approve --as bob --key ${onToken('bob')}`)).exit).toBe(0)
  })

  it('is not asked for what a token does not need, and told what is missing', async () => {
    const enrol = 'voter enrol --id a --controller b --index ' + 'a'.repeat(64)
    for (const [line, code, text] of [
      [`${enrol} --key ${onToken('ann', '')}`, 'cli.usage', 'no terminal'],
      [`${enrol} --key pkcs11:object=vote`, 'cli.usage', 'CAPSTAN_PKCS11_MODULE'],
      [`${enrol} --key ${onToken('ann')}&pin-value=1234`, 'cli.usage', 'a PIN does not stand'],
      [`${enrol} --key ${onToken('ann')} --passphrase-file x`, 'cli.usage', 'no passphrase'],
      [`${enrol} --key ${onToken('ann')}`, 'keys.not-found', ''],
      [`voter keygen --key ann.key`, 'cli.usage', 'a pkcs11: URI'],
      [`voter keygen --key ${onToken('ann')} --unencrypted`, 'cli.usage', 'a key in a file'],
      [`voter keygen --key ${onToken('ann')} --out ann.key`, 'cli.usage', 'say where'],
      [`voter keygen`, 'cli.usage', 'say where'],
    ] as const) {
      const screen = await capstan(`${line} --json`)
      expect([line, json(screen)['code']]).toEqual([line, code])
      expect(screen.out).toContain(text)
    }
  })

  it('has its PIN refused where others can read it, or where it is none', async () => {
    const line = `voter keygen --key ${onToken('ann')} --json`
    const path = join(home, 'pin')
    chmodSync(path, 0o640)
    expect(json(await capstan(line))['code']).toBe('keys.unsafe-permissions')
    for (const text of ['', '\n', '12\n34\n', `${'1'.repeat(2000)}\n`]) {
      rmSync(path)
      writeFileSync(path, text, { mode: 0o600 })
      const screen = await capstan(line)
      expect(json(screen)['code']).toBe('cli.usage')
      expect(screen.out).toContain('there is no PIN')
    }
    rmSync(path)
    expect((await capstan(line)).out).toContain('cannot read')
    writeFileSync(path, '4321\n', { mode: 0o600 })
    expect(json(await capstan(line))['code']).toBe('keys.wrong-pin')
  })

  it('takes the module from the environment where the URI has none', async () => {
    const uri = `pkcs11:token=ann;object=vote?pin-source=file:${join(home, 'pin')}`
    const words = ['voter', 'keygen', '--key', uri]
    const world = { server, cwd: home, clock: given.clock, tokens }
    const env = { NO_COLOR: '1', CAPSTAN_PKCS11_MODULE: tokens.module }
    expect((await run(words, { ...world, env })).exit).toBe(0)
    const relative = { NO_COLOR: '1', CAPSTAN_PKCS11_MODULE: 'module.so' }
    expect((await run(words, { ...world, env: relative })).exit).toBe(2)
  })

  it('is told that the token does not answer', async () => {
    await enrolled('ann', 'es256')
    const pulled: VoterTokens = {
      create: () => Promise.reject(new Error('not asked')),
      open: async (name, pin) => {
        const key = await tokens.open(name, pin)
        tokens.pull()
        return key
      },
    }
    const who = `--id a --controller b --index ${'a'.repeat(64)}`
    const line = `voter enrol --key ${onToken('ann')} ${who} --json`
    const screen = await run(line.split(' '), { server, cwd: home, tokens: pulled })
    expect([screen.exit, json(screen)['code']]).toEqual([6, 'unavailable'])
  })
})
