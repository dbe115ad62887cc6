import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InitOptions } from '../../src/cli/world.js'
import { found } from '../../src/compose/found.js'
import { openInstance } from '../../src/compose/instance.js'
import type { Config } from '../../src/config/config.js'
import { loadConfig } from '../../src/config/load-config.js'
import { lockDataDirectory } from '../../src/store/data-directory-lock.js'
import { systemClock, systemRandom } from '../../src/system.js'
import { codeOf, valueOf } from './given-installation.js'

let home = ''
let config: Config
let env: Record<string, string> = {}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'capstan-founding-'))
  config = valueOf(loadConfig({ env: {}, cwd: home, dataDir: join(home, 'data') })).config
  env = {}
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const file = (name: string): string => join(home, name)

const init = (more: Partial<InitOptions> = {}): ReturnType<typeof found> =>
  found(
    { config, trustDomain: 'test.example', controller: 'local:test', ...more },
    { env, clock: systemClock, random: systemRandom },
  )

const open = (with_: Partial<Config> = {}): ReturnType<typeof openInstance> =>
  openInstance({
    config: { ...config, ...with_ },
    env,
    clock: systemClock,
    random: systemRandom,
    version: '0',
    writer: 'inline',
    listeners: () => [],
    observer: { stage: () => undefined, issued: () => undefined },
  })

async function opens(with_: Partial<Config> = {}): Promise<boolean> {
  const opened = await open(with_)
  if (opened.ok) await opened.value[Symbol.asyncDispose]()
  return opened.ok
}

/** Another program's hierarchy. */
function openssl(...args: string[]): void {
  const done = spawnSync('openssl', args, { cwd: home, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(done.stderr)
}

function makeRoot(extra: readonly string[] = []): void {
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', 'root.key', '-out', 'root.pem', '-days', '3650', '-subj', '/CN=Corporate root'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign', ...extra],
  )
}

function makeIssuer(): void {
  openssl(
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', 'issuer.key', '-out', 'issuer.csr', '-subj', '/CN=Mesh issuer'],
  )
  writeFileSync(
    file('ext'),
    'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
  )
  openssl(
    ...['x509', '-req', '-in', 'issuer.csr', '-CA', 'root.pem', '-CAkey', 'root.key'],
    ...['-CAcreateserial', '-days', '90', '-extfile', 'ext', '-out', 'issuer.pem'],
  )
}

describe('founding a CA', () => {
  it('makes sealed keys that only their owner may touch', async () => {
    const report = valueOf(await init())
    expect(report.trustAnchor).toMatchObject({ key: 'here' })
    const keys = join(config.dataDir, 'keys')
    for (const path of [config.dataDir, keys]) expect(statSync(path).mode & 0o777).toBe(0o700)
    const names = readdirSync(keys)
    expect(names).toHaveLength(3)
    for (const name of names) {
      expect(statSync(join(keys, name)).mode & 0o777).toBe(0o600)
      expect(readFileSync(join(keys, name), 'latin1')).not.toContain('PRIVATE KEY')
    }
    expect(await opens()).toBe(true)
  })

  it('is done once', async () => {
    valueOf(await init())
    expect(codeOf(await init())).toBe('namespace.exists')
    expect(await opens()).toBe(true)
  })

  it('opens with its own key-encryption key only, and says so in one sentence', async () => {
    valueOf(await init())
    writeFileSync(file('other'), 'ab'.repeat(32), { mode: 0o600 })
    const opened = await open({ keys: { kek: { kind: 'file', path: file('other') } } })
    expect(codeOf(opened)).toBe('keys.wrong-kek')
  })

  it('seals under a passphrase as well, from the environment', async () => {
    env = { PHRASE: 'correct horse battery' }
    const keys = { kek: { kind: 'passphrase-env', name: 'PHRASE' } } as const
    valueOf(await init({ config: { ...config, keys } }))
    expect(await opens({ keys })).toBe(true)
    env = { PHRASE: 'another horse battery' }
    expect(codeOf(await open({ keys }))).toBe('keys.wrong-kek')
    env = {}
    expect(codeOf(await open({ keys }))).toBe('keys.wrong-kek')
  })

  it('has one process at a time', async () => {
    valueOf(await init())
    using lock = lockDataDirectory(config.dataDir)
    expect(lock).toBeDefined()
    expect(codeOf(await open())).toBe('namespace.exists')
  })

  it('refuses a directory in which founding was interrupted, and touches nothing there', async () => {
    valueOf(await init())
    rmSync(join(config.dataDir, 'instance.json'))
    expect(codeOf(await init())).toBe('namespace.exists')
    expect(codeOf(await open())).toBe('namespace.unknown')
    expect(existsSync(join(config.dataDir, 'capstan.db'))).toBe(true)
  })
})

describe('an existing hierarchy', () => {
  it('gives its root key to an issuer of ours', async () => {
    makeRoot()
    const report = valueOf(await init({ rootCert: file('root.pem'), rootKey: file('root.key') }))
    expect(report.trustAnchor).toMatchObject({ subject: 'CN=Corporate root', key: 'here' })
    expect(await opens()).toBe(true)
  })

  it('keeps its root key offline, with an encrypted issuer key', async () => {
    makeRoot()
    makeIssuer()
    writeFileSync(file('phrase'), 'swordfish!\n', { mode: 0o600 })
    openssl(
      ...['pkcs8', '-topk8', '-in', 'issuer.key', '-out', 'issuer.p8'],
      ...['-passout', 'file:phrase'],
    )
    const report = valueOf(
      await init({
        rootCert: file('root.pem'),
        issuerCert: file('issuer.pem'),
        issuerKey: file('issuer.p8'),
        keyPassphraseFile: file('phrase'),
      }),
    )
    expect(report).toMatchObject({
      trustAnchor: { key: 'offline' },
      issuer: { subject: 'CN=Mesh issuer' },
    })
    expect(await opens()).toBe(true)
  })

  it.each([
    {
      wrong: 'a key of another certificate',
      options: () => {
        makeRoot()
        makeIssuer()
        return { rootCert: file('root.pem'), rootKey: file('issuer.key') }
      },
      code: 'ca.bad-hierarchy',
    },
    {
      wrong: 'an issuer of another root',
      options: () => {
        makeRoot()
        makeIssuer()
        makeRoot()
        return {
          rootCert: file('root.pem'),
          issuerCert: file('issuer.pem'),
          issuerKey: file('issuer.key'),
        }
      },
      code: 'ca.bad-hierarchy',
    },
    {
      wrong: 'a root that may have no issuer below it',
      options: () => {
        makeRoot(['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0'])
        return { rootCert: file('root.pem'), rootKey: file('root.key') }
      },
      code: 'ca.bad-hierarchy',
    },
    {
      wrong: 'name constraints on URIs, which proxies refuse',
      options: () => {
        makeRoot(['-addext', 'nameConstraints=critical,permitted;URI:.test.example'])
        return { rootCert: file('root.pem'), rootKey: file('root.key') }
      },
      code: 'ca.bad-hierarchy',
    },
    {
      wrong: 'a file that is no certificate',
      options: () => {
        makeRoot()
        return { rootCert: file('root.key'), rootKey: file('root.key') }
      },
      code: 'ca.certificate-malformed',
    },
    {
      wrong: 'a file that is not there',
      options: () => ({ rootCert: file('nowhere'), rootKey: file('nowhere') }),
      code: 'config.malformed',
    },
  ])('is refused for $wrong, and nothing is left behind', async ({ options, code }) => {
    const refused = await init(options())
    expect(codeOf(refused)).toBe(code)
    expect(existsSync(join(config.dataDir, 'capstan.db'))).toBe(false)
    expect(
      existsSync(join(config.dataDir, 'keys')) ? readdirSync(join(config.dataDir, 'keys')) : [],
    ).toEqual([])
    expect((await init()).ok).toBe(true)
  })
})
