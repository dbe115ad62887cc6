import { describe, expect, it } from '@jest/globals'
import { leafKeys } from '../../src/config/config-schema.js'
import { variableOf } from '../../src/config/environment.js'
import { loadConfig } from '../../src/config/load-config.js'
import { FILE, load, loaded } from './given-config.js'

const defaults = {
  dataDir: '/srv/.capstan',
  keys: { kek: { kind: 'file', path: '/srv/.capstan/kek' } },
  server: {
    linkerd: { listen: { host: '0.0.0.0', port: 8080 }, loopback: 'off' },
    http: {
      listen: { host: '0.0.0.0', port: 8443 },
      names: ['localhost', '127.0.0.1', '::1'],
      rateLimit: { perMinute: 600, burst: 100 },
    },
    admin: { listen: { host: '127.0.0.1', port: 9990 } },
    socket: '/srv/.capstan/capstan.sock',
  },
  issuance: { ledgerRetention: 2_592_000, pruneInterval: 3600, crlLifetime: 86_400 },
  tokenReview: { concurrency: 16, queue: 256, timeoutMs: 5000 },
  log: { level: 'info', format: 'json' },
}

/** Every key with a value that is not its default. */
const everything = `
dataDir: /data
keys:
  kek: { file: secrets/kek }
server:
  linkerd: { listen: '127.0.0.1:1', loopback: 2 }
  http:
    listen: '[::]:3'
    names: [ca.acme.example, '10.0.0.1', 'fd00::1']
    rateLimit: { perMinute: 4, burst: 5 }
  admin: { listen: 'off' }
  workers: 8
  socket: /run/capstan.sock
issuance: { ledgerRetention: 7d, pruneInterval: 90m, crlLifetime: 45s }
tokenReview: { concurrency: 6, queue: 0, timeoutMs: 700 }
log: { level: trace, format: pretty }
witnesses: { policy: w.txt, timeout: 7s, refresh: 8m }
`

describe('the defaults', () => {
  it.each([
    { when: 'there is no file', load: () => loadConfig({ env: {}, cwd: '/srv' }) },
    { when: 'the file is empty', load: () => load('') },
    { when: 'the file is all comments', load: () => load('# nothing yet\n---\n') },
    { when: 'the file is an empty mapping', load: () => load('{}') },
  ])('hold when $when', ({ load: loading }) => {
    expect(loading()).toMatchObject({ ok: true, value: { config: defaults } })
  })

  it('are said to be where the values come from', () => {
    const { origins } = loaded('')
    expect(origins.get('server.http.listen')).toBe('default')
    expect(origins.get('keys.kek.file')).toBeUndefined()
  })
})

describe('the file', () => {
  it('decides every value that there is', () => {
    const { config, origins } = loaded(everything)
    expect(config).toEqual({
      dataDir: '/data',
      keys: { kek: { kind: 'file', path: '/srv/etc/secrets/kek' } },
      server: {
        workers: 8,
        linkerd: { listen: { host: '127.0.0.1', port: 1 }, loopback: 2 },
        http: {
          listen: { host: '::', port: 3 },
          names: ['ca.acme.example', '10.0.0.1', 'fd00::1'],
          rateLimit: { perMinute: 4, burst: 5 },
        },
        admin: { listen: 'off' },
        socket: '/run/capstan.sock',
      },
      issuance: { ledgerRetention: 604_800, pruneInterval: 5400, crlLifetime: 45 },
      tokenReview: { concurrency: 6, queue: 0, timeoutMs: 700 },
      witnesses: { policy: '/srv/etc/w.txt', timeout: 7, refresh: 480 },
      log: { level: 'trace', format: 'pretty' },
    })
    expect([...origins.values()].filter((origin) => !origin.startsWith(`${FILE}:`))).toEqual([])
  })

  it('is said to be where its values come from, with their lines', () => {
    const { origins } = loaded(everything)
    expect(origins.get('dataDir')).toBe(`${FILE}:2`)
    expect(origins.get('server.http.rateLimit.burst')).toBe(`${FILE}:10`)
    expect(origins.get('log.format')).toBe(`${FILE}:16`)
  })

  it('may be JSON', () => {
    expect(loaded('{ "log": { "level": "warn" } }').config.log.level).toBe('warn')
  })

  it('may repeat itself by reference', () => {
    const { config } = loaded(
      'server:\n  linkerd: { listen: &here "127.0.0.1:1" }\n  admin: { listen: *here }\n',
    )
    expect(config.server.admin.listen).toEqual({ host: '127.0.0.1', port: 1 })
  })

  it.each([
    { says: 'file: k', kek: { kind: 'file', path: '/srv/etc/k' } },
    { says: 'env: KEK', kek: { kind: 'env', name: 'KEK' } },
    { says: 'passphraseFile: ../p', kek: { kind: 'passphrase-file', path: '/srv/p' } },
    { says: 'passphraseEnv: PASS', kek: { kind: 'passphrase-env', name: 'PASS' } },
  ])('says with "$says" where the key-encryption key is', ({ says, kek }) => {
    expect(loaded(`keys: { kek: { ${says} } }`).config.keys.kek).toEqual(kek)
  })

  it('names each name of the server once', () => {
    const { config } = loaded('server: { http: { names: [a.example, b.example, a.example] } }')
    expect(config.server.http.names).toEqual(['a.example', 'b.example'])
  })
})

describe('the environment', () => {
  it('has a variable of its own for every value', () => {
    const variables = leafKeys().map(({ keys }) => variableOf(keys))
    expect(new Set(variables).size).toBe(variables.length)
    expect(variables).toContain('CAPSTAN_SERVER__HTTP__RATE_LIMIT__PER_MINUTE')
    expect(variables).toContain('CAPSTAN_DATA_DIR')
  })

  it('decides every value that there is', () => {
    const env = {
      CAPSTAN_DATA_DIR: 'data',
      CAPSTAN_KEYS__KEK__PASSPHRASE_ENV: 'PASS',
      CAPSTAN_SERVER__LINKERD__LISTEN: 'off',
      CAPSTAN_SERVER__LINKERD__LOOPBACK: '8081',
      CAPSTAN_SERVER__HTTP__LISTEN: 'localhost:0',
      CAPSTAN_SERVER__HTTP__NAMES: 'ca.acme.example, 10.0.0.1,',
      CAPSTAN_SERVER__HTTP__RATE_LIMIT__PER_MINUTE: '1',
      CAPSTAN_SERVER__HTTP__RATE_LIMIT__BURST: '2',
      CAPSTAN_SERVER__ADMIN__LISTEN: '[::1]:1',
      CAPSTAN_SERVER__SOCKET: 'run/api.sock',
      CAPSTAN_SERVER__WORKERS: '64',
      CAPSTAN_WITNESSES__POLICY: 'w.txt',
      CAPSTAN_WITNESSES__TIMEOUT: '9s',
      CAPSTAN_WITNESSES__REFRESH: '1h',
      CAPSTAN_ISSUANCE__LEDGER_RETENTION: '1d',
      CAPSTAN_ISSUANCE__PRUNE_INTERVAL: '1m',
      CAPSTAN_ISSUANCE__CRL_LIFETIME: '1h',
      CAPSTAN_TOKEN_REVIEW__CONCURRENCY: '3',
      CAPSTAN_TOKEN_REVIEW__QUEUE: '4',
      CAPSTAN_TOKEN_REVIEW__TIMEOUT_MS: '100',
      CAPSTAN_LOG__LEVEL: 'error',
      CAPSTAN_LOG__FORMAT: 'pretty',
    }
    const { config, origins } = loaded(everything, { env })
    expect(config).toEqual({
      dataDir: '/srv/data',
      keys: { kek: { kind: 'passphrase-env', name: 'PASS' } },
      server: {
        workers: 64,
        linkerd: { listen: 'off', loopback: 8081 },
        http: {
          listen: { host: 'localhost', port: 0 },
          names: ['ca.acme.example', '10.0.0.1'],
          rateLimit: { perMinute: 1, burst: 2 },
        },
        admin: { listen: { host: '::1', port: 1 } },
        socket: '/srv/run/api.sock',
      },
      issuance: { ledgerRetention: 86_400, pruneInterval: 60, crlLifetime: 3600 },
      tokenReview: { concurrency: 3, queue: 4, timeoutMs: 100 },
      witnesses: { policy: '/srv/w.txt', timeout: 9, refresh: 3600 },
      log: { level: 'error', format: 'pretty' },
    })
    expect([...origins.values()].sort()).toEqual(Object.keys(env).sort())
  })

  it('stands above the file for one value, and leaves those beside it', () => {
    const { config, origins } = loaded('log:\n  level: warn\n  format: pretty\n', {
      env: { CAPSTAN_LOG__LEVEL: 'debug' },
    })
    expect(config.log).toEqual({ level: 'debug', format: 'pretty' })
    expect(origins.get('log.level')).toBe('CAPSTAN_LOG__LEVEL')
    expect(origins.get('log.format')).toBe(`${FILE}:3`)
  })

  it('takes the place of whatever the file says of the key-encryption key', () => {
    const { config, origins } = loaded('keys: { kek: { file: kek } }', {
      env: { CAPSTAN_KEYS__KEK__ENV: 'KEK' },
    })
    expect(config.keys.kek).toEqual({ kind: 'env', name: 'KEK' })
    expect(origins.has('keys.kek.file')).toBe(false)
  })

  it.each([
    'CAPSTAN_PORT',
    'CAPSTAN_SERVICE_HOST',
    'CAPSTAN_TOKEN',
    'CAPSTAN_CONFIG',
    'LOG__LEVEL',
  ])('may hold %s, which is no value of ours', (variable) => {
    expect(load('', { env: { [variable]: 'tcp://10.0.0.1:8443' } })).toMatchObject({ ok: true })
  })

  it('keeps the digits of a text a text', () => {
    expect(loaded('', { env: { CAPSTAN_DATA_DIR: '0123' } }).config.dataDir).toBe('/srv/0123')
  })

  it('may hold a variable of ours that is undefined', () => {
    expect(loaded('', { env: { CAPSTAN_LOG__LEVEL: undefined } }).config.log.level).toBe('info')
  })
})

describe('--data', () => {
  it('stands above the environment and the file', () => {
    const { config, origins } = loaded('dataDir: /of/file', {
      env: { CAPSTAN_DATA_DIR: '/of/environment' },
      dataDir: 'of-option',
    })
    expect(config.dataDir).toBe('/srv/of-option')
    expect(origins.get('dataDir')).toBe('--data')
  })

  it('takes the socket and the key with it', () => {
    const { config } = loaded('', { dataDir: '/elsewhere' })
    expect(config.server.socket).toBe('/elsewhere/capstan.sock')
    expect(config.keys.kek).toEqual({ kind: 'file', path: '/elsewhere/kek' })
  })
})

describe('a relative path', () => {
  it('in the file is relative to the folder of the file', () => {
    expect(loaded('dataDir: data').config.dataDir).toBe('/srv/etc/data')
  })

  it('in the file is relative to the folder of the file, also when that is named absolutely', () => {
    const file = { path: '/etc/capstan/capstan.yaml', text: 'dataDir: ../data' }
    expect(loaded('', { file }).config.dataDir).toBe('/etc/data')
  })

  it('in the environment is relative to where the command runs', () => {
    const { config } = loaded('dataDir: data', { env: { CAPSTAN_DATA_DIR: 'data' } })
    expect(config.dataDir).toBe('/srv/data')
  })
})
