import 'reflect-metadata'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { KeyObject, type webcrypto } from 'node:crypto'
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
import * as x509 from '@peculiar/x509'
import type { InitOptions } from '../../src/cli/world.js'
import { found } from '../../src/compose/found.js'
import { openInstance } from '../../src/compose/instance.js'
import {
  contextConstructed,
  contextPrimitive,
  ia5Octets,
  sequence,
} from '../../src/core/der-writer.js'
import type { Config } from '../../src/config/config.js'
import { loadConfig } from '../../src/config/load-config.js'
import { lockDataDirectory } from '../../src/store/data-directory-lock.js'
import { systemClock, systemRandom } from '../../src/system.js'
import { codeOf, valueOf } from './given-installation.js'

/** NameConstraints (RFC 5280 section 4.2.1.10): permitted, a URI of .test.example. */
const uriConstraint = sequence(
  contextConstructed(0, sequence(contextPrimitive(6, ia5Octets('.test.example')))),
)

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

/** A hierarchy that another program made, as PEM files. */
let root: Made | undefined

async function makeRoot(...extra: readonly x509.Extension[]): Promise<void> {
  root = await makeCa('Corporate root', undefined, [
    ...(extra.some(({ type }) => type === '2.5.29.19')
      ? []
      : [new x509.BasicConstraintsExtension(true, undefined, true)]),
    ...extra,
  ])
  write('root', root)
}

async function makeIssuer(): Promise<Made> {
  const issuer = await makeCa('Mesh issuer', root, [
    new x509.BasicConstraintsExtension(true, 0, true),
  ])
  write('issuer', issuer)
  return issuer
}

interface Made {
  readonly certificate: x509.X509Certificate
  readonly keys: webcrypto.CryptoKeyPair
}

async function makeCa(
  name: string,
  by: Made | undefined,
  extensions: readonly x509.Extension[],
): Promise<Made> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const now = Date.now()
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: by ? by.certificate.subject : `CN=${name}`,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 90 * 86_400_000),
    serialNumber: '4a'.repeat(16),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: (by ?? { keys }).keys.privateKey,
    extensions: [
      ...extensions,
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(by ? [await x509.AuthorityKeyIdentifierExtension.create(by.keys.publicKey)] : []),
    ],
  })
  return { certificate, keys }
}

function write(name: string, { certificate, keys }: Made): void {
  writeFileSync(file(`${name}.pem`), certificate.toString('pem'))
  const pem = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(file(`${name}.key`), pem, { mode: 0o600 })
}

describe('founding a CA', () => {
  it('makes sealed keys that only their owner may touch', async () => {
    const report = valueOf(await init())
    expect(report.trustAnchor).toMatchObject({ key: 'here' })
    const keys = join(config.dataDir, 'keys')
    for (const path of [config.dataDir, keys]) expect(statSync(path).mode & 0o777).toBe(0o700)
    const names = readdirSync(keys)
    expect(names).toHaveLength(5)
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
    await makeRoot()
    const report = valueOf(await init({ rootCert: file('root.pem'), rootKey: file('root.key') }))
    expect(report.trustAnchor).toMatchObject({ subject: 'CN=Corporate root', key: 'here' })
    expect(await opens()).toBe(true)
  })

  it('keeps its root key offline, with an encrypted issuer key', async () => {
    await makeRoot()
    const issuer = await makeIssuer()
    writeFileSync(file('phrase'), 'swordfish!\n', { mode: 0o600 })
    const sealed = KeyObject.from(issuer.keys.privateKey).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'swordfish!',
    })
    writeFileSync(file('issuer.p8'), sealed, { mode: 0o600 })
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
      wrong: 'a key of another certificate (CVE-2023-0665)',
      options: async () => {
        await makeRoot()
        await makeIssuer()
        return { rootCert: file('root.pem'), rootKey: file('issuer.key') }
      },
      code: 'ca.bad-hierarchy',
    },
    {
      wrong: 'an issuer of another root',
      options: async () => {
        await makeRoot()
        await makeIssuer()
        await makeRoot()
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
      options: async () => {
        await makeRoot(new x509.BasicConstraintsExtension(true, 0, true))
        return { rootCert: file('root.pem'), rootKey: file('root.key') }
      },
      code: 'ca.bad-hierarchy',
    },
    {
      wrong: 'name constraints on URIs, which proxies refuse',
      options: async () => {
        await makeRoot(new x509.Extension('2.5.29.30', true, uriConstraint))
        return { rootCert: file('root.pem'), rootKey: file('root.key') }
      },
      code: 'ca.bad-hierarchy',
    },
    {
      wrong: 'a file that is no certificate',
      options: async () => {
        await makeRoot()
        return { rootCert: file('root.key'), rootKey: file('root.key') }
      },
      code: 'ca.certificate-malformed',
    },
    {
      wrong: 'a file that is not there',
      options: () => Promise.resolve({ rootCert: file('nowhere'), rootKey: file('nowhere') }),
      code: 'config.malformed',
    },
  ])('is refused for $wrong, and nothing is left behind', async ({ options, code }) => {
    const refused = await init(await options())
    expect(codeOf(refused)).toBe(code)
    expect(existsSync(join(config.dataDir, 'capstan.db'))).toBe(false)
    expect(
      existsSync(join(config.dataDir, 'keys')) ? readdirSync(join(config.dataDir, 'keys')) : [],
    ).toEqual([])
    expect((await init()).ok).toBe(true)
  })
})
