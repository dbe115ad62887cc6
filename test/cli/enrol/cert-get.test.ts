import { X509Certificate, createPrivateKey } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type RandomBytes, unixSeconds } from '../../../src/core/time.js'
import { FakeClock } from '../../support/fake-clock.js'
import { countedRandom } from '../../support/random.js'
import { json, type Options, run, type Screen } from '../fake-world.js'
import { FakeAuthority, FakeCapstan, Refusing, STARTED, UID } from './fake-capstan.js'

const TOKEN = 'jt1.abcdefghijklmnop.c2VjcmV0LXNlY3JldC1zZWNyZXQ'

let authority: FakeAuthority
let stranger: FakeAuthority
let server: FakeCapstan
let home: string
let out: string
let bundle: string
let random: RandomBytes

beforeAll(async () => {
  authority = await FakeAuthority.make('test')
  stranger = await FakeAuthority.make('test')
})
beforeEach(async () => {
  server = await FakeCapstan.start(authority)
  home = mkdtempSync(join(tmpdir(), 'capstan-enrol-'))
  out = join(home, 'identity')
  bundle = join(home, 'bundle.pem')
  writeFileSync(bundle, authority.rootPem)
  // One for all the commands of a test: two processes never draw the same octets either.
  random = countedRandom()
})
afterEach(async () => {
  await server.close()
  rmSync(home, { recursive: true, force: true })
})

const world = (): Options => ({ cwd: home, random, clock: new FakeClock(unixSeconds(STARTED)) })

function get(args: readonly string[], options: Options = {}): Promise<Screen> {
  const argv = [
    'cert',
    'get',
    'payments/db',
    '--server',
    server.url,
    '--out',
    out,
    '--json',
    ...args,
  ]
  return run(argv, { ...world(), ...options })
}

const pinned = (): readonly string[] => ['--ca-bundle', bundle, '--token', TOKEN]

const read = (name: string): string => readFileSync(join(out, name), 'utf8')

const pairFits = (): boolean =>
  new X509Certificate(read('cert.pem')).checkPrivateKey(createPrivateKey(read('key.pem')))

describe('capstan cert get', () => {
  it.each([
    { when: 'the bundle is pinned', args: () => ['--ca-bundle', bundle, '--token', TOKEN] },
    {
      when: 'the trust anchor is pinned',
      args: () => ['--ca-fingerprint', authority.fingerprint, '--token', TOKEN],
    },
  ])('writes an identity that fits when $when', async ({ args }) => {
    const screen = await get(args())
    expect(screen.exit).toBe(0)
    expect(json(screen)).toMatchObject({
      alias: 'payments/db',
      uid: UID,
      server: server.url,
      folder: out,
    })
    expect(pairFits()).toBe(true)
    expect(read('cert.pem').match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(new X509Certificate(read('bundle.pem')).fingerprint256).toBe(
      new X509Certificate(authority.rootPem).fingerprint256,
    )
    expect(server.received.at(-1)).toMatchObject({
      path: '/v1/certificates',
      body: { evidence: { kind: 'join-token', token: TOKEN } },
    })
  })

  it('keeps the key to its owner, and puts no token on disk or on the screen', async () => {
    const screen = await get(pinned())
    expect(statSync(join(out, 'key.pem')).mode & 0o777).toBe(0o600)
    expect(statSync(join(out, 'cert.pem')).mode & 0o777).toBe(0o644)
    const texts = ['key.pem', 'cert.pem', 'bundle.pem', 'meta.json'].map(read)
    expect([...texts, screen.out, screen.err].filter((text) => text.includes('jt1.'))).toEqual([])
  })

  it('asks for no name in its CSR', async () => {
    await get(pinned())
    const csr = String(server.received.at(-1)?.body['csr'])
    const der = Buffer.from(csr.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
    // version 0, empty subject, ..., and an attributes field with nothing in it
    expect(der.toString('hex')).toMatch(/0201003000/)
    expect(der.includes(Buffer.from('a000', 'hex'))).toBe(true)
  })

  it.each([
    { when: 'from CAPSTAN_TOKEN', args: () => [], env: { CAPSTAN_TOKEN: TOKEN }, input: '' },
    {
      when: 'from standard input',
      args: () => ['--token-file', '-'],
      env: {},
      input: `${TOKEN}\n`,
    },
  ])('takes the join token $when', async ({ args, env, input }) => {
    const screen = await get(['--ca-bundle', bundle, ...args()], { env, input })
    expect(screen.exit).toBe(0)
    expect(server.received.at(-1)?.body['evidence']).toEqual({ kind: 'join-token', token: TOKEN })
  })

  it('shows a Kubernetes token as such', async () => {
    writeFileSync(join(home, 'sa'), 'a.b.c\n')
    await get(['--ca-bundle', bundle, '--kubernetes-token-file', 'sa', '--cluster', 'prod'])
    expect(server.received.at(-1)?.body['evidence']).toEqual({
      kind: 'kubernetes',
      token: 'a.b.c',
      cluster: 'prod',
    })
  })
})

describe('the pin', () => {
  it.each([
    {
      when: 'another CA of the same name is pinned by bundle',
      pin: () => ['--ca-bundle', 'stranger.pem'],
    },
    {
      when: 'another CA is pinned by fingerprint',
      pin: () => ['--ca-fingerprint', stranger.fingerprint],
    },
  ])('keeps the token back when $when', async ({ pin }) => {
    writeFileSync(join(home, 'stranger.pem'), stranger.rootPem)
    const screen = await get([...pin(), '--token', TOKEN])
    expect(screen.exit).toBe(3)
    expect(json(screen)).toMatchObject({ code: 'enrol.untrusted-server' })
    expect(server.heard).not.toContain('jt1.')
    expect(existsSync(out)).toBe(false)
  })

  it('keeps the token back from an impostor who offers the pinned trust anchor but cannot use it', async () => {
    const impostor = await FakeCapstan.start(stranger)
    impostor.anchors = [authority.rootPem]
    try {
      const argv = [
        '--server',
        impostor.url,
        '--ca-fingerprint',
        authority.fingerprint,
        '--token',
        TOKEN,
      ]
      const screen = await run(
        ['cert', 'get', 'payments/db', '--out', out, '--json', ...argv],
        world(),
      )
      expect(json(screen)).toMatchObject({ code: 'enrol.untrusted-server' })
      expect(impostor.received.map(({ path }) => path)).toEqual(['/v1/bundle'])
      expect(impostor.heard).not.toContain('jt1.')
    } finally {
      await impostor.close()
    }
  })

  it('keeps the token back from a server of the same CA with another name', async () => {
    const other = await FakeCapstan.start(authority, {
      tls: await authority.server(['other.example']),
    })
    try {
      const argv = ['--server', other.url, ...pinned()]
      const screen = await run(
        ['cert', 'get', 'payments/db', '--out', out, '--json', ...argv],
        world(),
      )
      expect(json(screen)).toMatchObject({ code: 'enrol.untrusted-server' })
      expect(other.heard).toBe('')
    } finally {
      await other.close()
    }
  })

  it.each([
    { when: 'there is no pin', args: ['--token', TOKEN] },
    {
      when: 'there are two',
      args: [
        '--token',
        TOKEN,
        '--ca-bundle',
        'bundle.pem',
        '--ca-fingerprint',
        `sha256:${'0'.repeat(64)}`,
      ],
    },
    {
      when: 'the fingerprint is short',
      args: ['--token', TOKEN, '--ca-fingerprint', 'sha256:abcd'],
    },
    {
      when: 'the fingerprint has no algorithm',
      args: ['--token', TOKEN, '--ca-fingerprint', 'a'.repeat(64)],
    },
    { when: 'the bundle is no PEM', args: ['--token', TOKEN, '--ca-bundle', 'empty.pem'] },
    { when: 'the bundle is a leaf', args: ['--token', TOKEN, '--ca-bundle', 'leaf.pem'] },
    { when: 'there is no evidence', args: ['--ca-bundle', 'bundle.pem'] },
  ])('says nothing to anybody when $when', async ({ args }) => {
    writeFileSync(join(home, 'empty.pem'), '')
    writeFileSync(join(home, 'leaf.pem'), (await authority.server()).cert)
    const screen = await get(args)
    expect(screen.exit).toBe(2)
    expect(server.heard).toBe('')
  })

  it.each(['http://127.0.0.1:1', 'ftp://x', 'https://user@x', 'https://x/path', 'nonsense'])(
    'does not talk to %s',
    async (url) => {
      const argv = ['cert', 'get', 'payments/db', '--server', url, '--out', out, ...pinned()]
      expect((await run(argv, world())).exit).toBe(2)
    },
  )
})

describe('what the server answers', () => {
  const refused = async (answer: unknown): Promise<Screen> => {
    server.issue = () => Promise.resolve(answer)
    return get(pinned())
  }

  it.each([
    { when: 'no JSON', answer: 'hello' },
    { when: 'an empty object', answer: {} },
    { when: 'a list', answer: [] },
    {
      when: 'certificates that are none',
      answer: {
        alias: 'payments/db',
        uid: UID,
        names: [],
        notBefore: 'x',
        notAfter: 'x',
        certificate: 'x',
        chain: [],
      },
    },
  ])('is refused when it is $when', async ({ answer }) => {
    const screen = await refused(answer)
    expect(json(screen)).toMatchObject({ code: 'enrol.bad-answer' })
    expect(readdirSync(join(out, 'versions'))).toEqual([])
    expect(existsSync(join(out, 'key.pem'))).toBe(false)
  })

  it.each<{ when: string; spoil: (good: Record<string, unknown>) => Record<string, unknown> }>([
    {
      when: 'names another uid than the certificate',
      spoil: (good) => ({ ...good, uid: `${UID.slice(0, -1)}a` }),
    },
    {
      when: 'names another end than the certificate',
      spoil: (good) => ({ ...good, notAfter: '2036-01-01T00:00:00Z' }),
    },
    { when: 'leaves out the issuer', spoil: (good) => ({ ...good, chain: [] }) },
    {
      when: "brings a stranger's issuer",
      spoil: (good) => ({ ...good, chain: [stranger.issuerPem] }),
    },
    {
      when: 'brings two certificates as one',
      spoil: (good) => ({
        ...good,
        certificate: `${String(good['certificate'])}${authority.issuerPem}`,
      }),
    },
    {
      when: 'claims the alias that was asked for, for the certificate of another',
      spoil: (good) => ({ ...good, alias: 'payments/db' }),
    },
  ])('is refused when it $when', async ({ when, spoil }) => {
    const alias = when.startsWith('claims') ? 'payments/other' : 'payments/db'
    server.issue = async (_, key) => spoil(await authority.answer(key, { alias }))
    const screen = await get(pinned())
    expect(json(screen)).toMatchObject({ code: 'enrol.bad-answer' })
    expect(existsSync(join(out, 'current'))).toBe(false)
  })

  // CVE-2021-44532: Node writes all names in one line, and quotes those that hold a separator.
  it.each([
    {
      when: 'a comma in the SPIFFE ID of another',
      altNames: [{ type: 'url' as const, value: 'spiffe://test.example/payments/other,' }],
    },
    {
      when: "the SPIFFE ID asked for in another's DNS name",
      altNames: [
        { type: 'dns' as const, value: 'x, URI:spiffe://test.example/payments/db, DNS:y' },
        { type: 'url' as const, value: 'spiffe://test.example/payments/other' },
      ],
    },
    {
      when: 'the SPIFFE ID of another after the one asked for',
      altNames: [
        { type: 'url' as const, value: 'spiffe://test.example/payments/db' },
        { type: 'url' as const, value: 'spiffe://test.example/payments/other' },
      ],
    },
  ])('is refused when its certificate has $when (CVE-2021-44532)', async ({ altNames }) => {
    server.issue = (_, key) => authority.answer(key, { altNames })
    expect(json(await get(pinned()))).toMatchObject({ code: 'enrol.bad-answer' })
    expect(existsSync(join(out, 'current'))).toBe(false)
  })

  it("is refused when it certifies another key than this machine's", async () => {
    const other = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
    ])
    server.issue = () => authority.answer(other.publicKey)
    expect(json(await get(pinned()))).toMatchObject({ code: 'enrol.bad-answer' })
    expect(existsSync(join(out, 'current'))).toBe(false)
  })

  it('is refused, and nothing written, when the evidence turns out to be for another entry', async () => {
    server.issue = (_, key) => authority.answer(key, { alias: 'payments/other' })
    const screen = await get(pinned())
    expect(screen.exit).toBe(3)
    expect(json(screen)).toMatchObject({ code: 'enrol.wrong-identity', found: 'payments/other' })
    expect(existsSync(join(out, 'current'))).toBe(false)
  })

  it.each([
    { status: 401, code: 'evidence.not-accepted', exit: 5 },
    { status: 403, code: 'grant.not-active', exit: 3 },
    { status: 429, code: 'request.throttled', exit: 7 },
    { status: 503, code: 'ca.no-issuer', exit: 6 },
  ])('passes the refusal $code on', async ({ status, code, exit }) => {
    const screen = await refused(new Refusing(status, code))
    expect(screen.exit).toBe(exit)
    expect(json(screen)).toMatchObject({ code })
  })

  it('is given up when it never ends', async () => {
    const screen = await refused('x'.repeat(2_000_000))
    expect(json(screen)).toMatchObject({ code: 'enrol.unreachable' })
  })

  it('is missed when nobody listens', async () => {
    await server.close()
    server = await FakeCapstan.start(authority)
    const argv = [
      'cert',
      'get',
      'payments/db',
      '--server',
      'https://127.0.0.1:1',
      '--out',
      out,
      '--json',
      ...pinned(),
    ]
    const screen = await run(argv, world())
    expect(screen.exit).toBe(6)
    expect(json(screen)).toMatchObject({ code: 'enrol.unreachable' })
  })
})

describe('the folder', () => {
  it('is refused before any evidence is shown when it holds another identity', async () => {
    await get(pinned())
    const before = read('cert.pem')
    const heard = server.heard.length
    const argv = [
      'cert',
      'get',
      'payments/api',
      '--server',
      server.url,
      '--out',
      out,
      '--json',
      ...pinned(),
    ]
    const screen = await run(argv, world())
    expect(json(screen)).toMatchObject({ code: 'enrol.wrong-identity', found: 'payments/db' })
    expect(server.heard).toHaveLength(heard)
    expect(read('cert.pem')).toBe(before)
  })

  it.each(['key.pem', 'cert.pem', 'bundle.pem', 'meta.json', 'current'])(
    'is refused when its %s is not ours',
    async (name) => {
      mkdirSync(out)
      writeFileSync(join(out, name), 'precious')
      const screen = await get(pinned())
      expect(json(screen)).toMatchObject({ code: 'enrol.wrong-identity' })
      expect(readFileSync(join(out, name), 'utf8')).toBe('precious')
      expect(server.heard).toBe('')
    },
  )

  it('is known to be unwritable before the token is spent', async () => {
    writeFileSync(out, 'a file')
    const screen = await get(pinned())
    expect(screen.exit).toBe(2)
    expect(server.heard).not.toContain('jt1.')
  })

  it('takes a new identity of the same entry, and keeps one version back', async () => {
    for (let round = 0; round < 4; round += 1) expect((await get(pinned())).exit).toBe(0)
    expect(pairFits()).toBe(true)
    expect(readdirSync(join(out, 'versions'))).toHaveLength(2)
    expect(readlinkSync(join(out, 'key.pem'))).toBe('current/key.pem')
  })
})

describe('capstan cert renew', () => {
  const renew = (args: readonly string[] = []): Promise<Screen> =>
    run(['cert', 'renew', '--out', out, '--json', ...args], world())

  it('shows the current certificate, and gets a new one for a new key', async () => {
    await get(pinned())
    const [cert, key] = [read('cert.pem'), read('key.pem')]
    const screen = await renew()
    expect(screen.exit).toBe(0)
    expect(server.received.at(-1)).toMatchObject({
      path: '/v1/renew',
      client: new X509Certificate(cert).serialNumber.toLowerCase(),
    })
    expect(read('cert.pem')).not.toBe(cert)
    expect(read('key.pem')).not.toBe(key)
    expect(pairFits()).toBe(true)
  })

  it('takes over the bundle that the verified server serves, for the next time', async () => {
    await get(pinned())
    server.anchors = [authority.rootPem, stranger.rootPem]
    await renew()
    expect(read('bundle.pem').match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  })

  it('believes nobody but the bundle that it holds', async () => {
    await get(pinned())
    const impostor = await FakeCapstan.start(stranger)
    try {
      expect(json(await renew(['--server', impostor.url]))).toMatchObject({
        code: 'enrol.untrusted-server',
      })
      expect(impostor.heard).toBe('')
    } finally {
      await impostor.close()
    }
  })

  it('refuses a certificate of another entry', async () => {
    await get(pinned())
    const before = read('cert.pem')
    server.renew = (_, key) => authority.answer(key, { uid: `${UID.slice(0, -1)}a` })
    expect(json(await renew())).toMatchObject({ code: 'enrol.wrong-identity' })
    expect(read('cert.pem')).toBe(before)
  })

  it('follows its entry through a rename', async () => {
    await get(pinned())
    server.renew = (_, key) => authority.answer(key, { alias: 'payments/ledger' })
    expect(json(await renew())).toMatchObject({ alias: 'payments/ledger', uid: UID })
  })

  it('says what to do when the certificate is too old to renew', async () => {
    await get(pinned())
    server.renew = () => Promise.resolve(new Refusing(401, 'renewal.expired'))
    const screen = await renew()
    expect(screen.exit).toBe(5)
    expect(json(screen)).toMatchObject({ code: 'enrol.expired' })
    expect(String(json(screen)['next'])).toContain('capstan token create payments/db')
  })

  it('says so when there is nothing to renew', async () => {
    const screen = await renew()
    expect(screen.exit).toBe(4)
    expect(json(screen)).toMatchObject({ code: 'enrol.no-identity' })
  })
})

describe('the hook', () => {
  const script =
    'echo "$CAPSTAN_CERT_DIR|$CAPSTAN_ALIAS|${CAPSTAN_TOKEN-none}" > "$CAPSTAN_CERT_DIR/said"'

  it('learns what changed by its environment, and no token', async () => {
    const screen = await get(['--ca-bundle', bundle, '--hook', script], {
      env: { PATH: process.env['PATH'], CAPSTAN_TOKEN: TOKEN },
    })
    expect(screen.exit).toBe(0)
    expect(read('said').trim()).toBe(`${out}|payments/db|none`)
  })

  it('ends the command with 1 when it fails, with the identity in place', async () => {
    const screen = await get([...pinned(), '--hook', 'echo broken >&2; exit 7'])
    expect(screen.exit).toBe(1)
    expect(json(screen)).toMatchObject({ hook: { ended: 'badly', detail: 'exit 7: broken' } })
    expect(pairFits()).toBe(true)
  })
})
