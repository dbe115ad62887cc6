import { describe, expect, it } from '@jest/globals'
import { FILE, load, problemsOf } from './given-config.js'

/** A file that says one value, at its line. */
function saying(key: string, value: string): string {
  const keys = key.split('.')
  const sections = keys.map((name, depth) => `${'  '.repeat(depth)}${name}:`)
  return `# a comment\n${sections.join('\n')} ${value}\n`
}

const lineOf = (key: string): string => `${FILE}:${key.split('.').length + 1}`

describe('a wrong value', () => {
  it.each([
    { key: 'dataDir', value: '""', found: '""' },
    { key: 'dataDir', value: '[a]', found: 'a list' },
    { key: 'server.http.listen', value: '8443', found: '8443' },
    { key: 'server.http.listen', value: 'ca.acme.example:8443', found: '"ca.acme.example:8443"' },
    { key: 'server.http.listen', value: '0.0.0.0:65536', found: '"0.0.0.0:65536"' },
    { key: 'server.http.listen', value: '1.2.3.400:80', found: '"1.2.3.400:80"' },
    { key: 'server.http.listen', value: '"::1:8443"', found: '"::1:8443"' },
    { key: 'server.http.listen', value: '"[127.0.0.1]:8443"', found: '"[127.0.0.1]:8443"' },
    { key: 'server.admin.listen', value: '"OFF"', found: '"OFF"' },
    { key: 'server.linkerd.loopback', value: '65536', found: '65536' },
    { key: 'server.linkerd.loopback', value: '"8081"', found: '"8081"' },
    { key: 'server.http.names', value: 'localhost', found: '"localhost"' },
    { key: 'server.http.rateLimit.perMinute', value: '0', found: '0' },
    { key: 'server.http.rateLimit.perMinute', value: '1.5', found: '1.5' },
    { key: 'server.http.rateLimit.burst', value: '-1', found: '-1' },
    { key: 'issuance.crlLifetime', value: '24', found: '24' },
    { key: 'issuance.crlLifetime', value: '0s', found: '"0s"' },
    { key: 'issuance.crlLifetime', value: '1h30m', found: '"1h30m"' },
    { key: 'issuance.ledgerRetention', value: '1w', found: '"1w"' },
    { key: 'tokenReview.timeoutMs', value: '99', found: '99' },
    { key: 'log.level', value: 'verbose', found: '"verbose"' },
    { key: 'log.level', value: 'null', found: 'null' },
    { key: 'log', value: 'info', found: '"info"' },
    { key: 'server.http', value: 'off', found: '"off"' },
  ])('$key: $value is refused with its line, and what was wanted', ({ key, value, found }) => {
    const [problem, ...more] = problemsOf(saying(key, value))
    expect(more).toEqual([])
    expect(problem).toMatchObject({ place: lineOf(key), key, what: 'not accepted', found })
    expect(problem?.wanted).toMatch(/\w+/)
  })

  it('is said in one line: where, which key, what was wanted and what was found', () => {
    expect(load('log:\n  level: verbose\n')).toMatchObject({
      ok: false,
      refusal: {
        code: 'config.malformed',
        detail: 'the configuration has a problem',
        found: `${FILE}:2: log.level: not accepted, wanted one of trace, debug, info, warn, error, found "verbose"`,
      },
    })
  })

  it('does not hide another one: all of them are named, each with its own line', () => {
    const text = 'log:\n  level: verbose\n  format: xml\ntokenReview:\n  queue: -1\nserver: 3\n'
    expect(problemsOf(text).map(({ place, key }) => [place, key])).toEqual(
      expect.arrayContaining([
        [`${FILE}:2`, 'log.level'],
        [`${FILE}:3`, 'log.format'],
        [`${FILE}:5`, 'tokenReview.queue'],
        [`${FILE}:6`, 'server'],
      ]),
    )
    expect(load(text)).toMatchObject({
      refusal: { detail: 'the configuration has 4 problems' },
    })
  })

  it.each([
    { item: '5', found: '5' },
    { item: 'UPPER.example', found: '"UPPER.example"' },
    { item: '"a b"', found: '"a b"' },
    { item: '"*.example"', found: '"*.example"' },
    { item: '""', found: '""' },
  ])('in a list is found at its own line: $item', ({ item, found }) => {
    expect(
      problemsOf(`server:\n  http:\n    names:\n      - a.example\n      - ${item}\n`),
    ).toEqual([expect.objectContaining({ place: `${FILE}:5`, key: 'server.http.names.1', found })])
  })

  it('in the environment is refused by the name of its variable', () => {
    const env = { CAPSTAN_LOG__LEVEL: 'verbose', CAPSTAN_TOKEN_REVIEW__QUEUE: '10k' }
    const problems = problemsOf('log: { level: info }', { env })
    expect(problems.map(({ place, key }) => [place, key]).sort()).toEqual([
      ['CAPSTAN_LOG__LEVEL', 'log.level'],
      ['CAPSTAN_TOKEN_REVIEW__QUEUE', 'tokenReview.queue'],
    ])
  })

  it('in the file does not matter where the environment stands above it', () => {
    expect(problemsOf('log: { level: verbose }', { env: { CAPSTAN_LOG__LEVEL: 'info' } })).toEqual(
      [],
    )
  })

  it('is the socket in a folder too deep for it, whoever said so', () => {
    const longest = `/${'a'.repeat(102)}`
    expect(problemsOf(`server: { socket: ${longest} }`)).toEqual([])
    expect(problemsOf(`server: { socket: ${longest}a }`)).toMatchObject([
      { place: `${FILE}:1`, key: 'server.socket', found: '104 octets' },
    ])
    const env = { CAPSTAN_DATA_DIR: longest }
    expect(problemsOf('', { env })).toMatchObject([{ key: 'server.socket', found: '116 octets' }])
  })
})

describe('the key-encryption key', () => {
  it.each([
    { when: 'two are named', text: 'keys:\n  kek: { file: a, env: B }\n' },
    { when: 'none is', text: 'keys:\n  kek: {}\n' },
  ])('is refused when $when', ({ text }) => {
    expect(problemsOf(text)).toMatchObject([
      {
        place: `${FILE}:2`,
        key: 'keys.kek',
        wanted: 'exactly one of file, env, passphraseFile, passphraseEnv',
      },
    ])
  })

  it.each([
    { what: 'in place of its section', text: 'keys:\n  kek: hunter2 hunter2\n' },
    { what: 'in place of the name of its variable', text: 'keys: { kek: { env: "hunter2 !" } }' },
    { what: 'under a key that there is not', text: 'keys: { kek: { passphrase: hunter2 } }' },
    { what: 'in what is no YAML', text: 'keys: { kek: "hunter2' },
  ])('is not quoted when it stands $what', ({ text }) => {
    const result = load(text)
    expect(result.ok).toBe(false)
    expect(JSON.stringify(result)).not.toContain('hunter2')
  })

  it('is not quoted when it stands in the variable that should name it', () => {
    const result = load('', { env: { CAPSTAN_KEYS__KEK__ENV: 'hunter2 hunter2' } })
    expect(result).toMatchObject({
      refusal: {
        problems: [{ place: 'CAPSTAN_KEYS__KEK__ENV', found: 'a text of 15 characters' }],
      },
    })
    expect(JSON.stringify(result)).not.toContain('hunter2')
  })
})

describe('what is no configuration', () => {
  it.each([
    { what: 'a list', text: '- a\n', place: `${FILE}:1`, problem: 'not a mapping' },
    { what: 'a text', text: 'hello\n', place: `${FILE}:1`, problem: 'not a mapping' },
    {
      what: 'a key twice',
      text: 'log:\n  level: info\n  level: warn\n',
      place: `${FILE}:3`,
      problem: 'not YAML: duplicate key',
    },
    {
      what: 'a second document',
      text: 'dataDir: a\n---\ndataDir: b\n',
      place: `${FILE}:2`,
      problem: 'not YAML: multiple docs',
    },
    {
      what: 'a tag of another language',
      text: 'log: !!js/function x\n',
      place: `${FILE}:1`,
      problem: 'not YAML: tag resolve failed',
    },
    {
      what: 'a tab for indentation',
      text: 'log:\n\tlevel: info\n',
      place: `${FILE}:2`,
      problem: 'not YAML: tab as indent',
    },
    {
      what: 'a reference to nothing',
      text: 'log:\n  level: *nowhere\n',
      place: `${FILE}:2`,
      problem: 'not YAML: a reference that does not resolve',
    },
    {
      what: 'a list that holds itself',
      text: 'log:\n  - &a\n    - *a\n',
      place: `${FILE}:3`,
      problem: 'not YAML: a reference that does not resolve',
    },
    {
      what: 'a key that is a mapping',
      text: 'log:\n  ? { a: b }\n  : c\n',
      place: `${FILE}:2`,
      problem: 'not YAML: a key that is no text',
    },
    {
      what: 'one name, once as a number',
      text: 'log:\n  1: a\n  "1": b\n',
      place: `${FILE}:3`,
      problem: 'not YAML: duplicate key',
    },
    {
      what: 'a number without end',
      text: 'log:\n  level: .inf\n',
      place: `${FILE}:2`,
      problem: 'not YAML: a value that JSON does not have',
    },
    {
      what: 'more levels than a stack has',
      text: `log:\n  ${'['.repeat(60_000)}`,
      place: `${FILE}:2`,
      problem: 'not YAML: nested too deep',
    },
    {
      what: 'keys in keys, which took for ever',
      text: '? '.repeat(1000),
      place: `${FILE}:1`,
      problem: 'not YAML: nested too deep',
    },
    {
      what: 'keys in keys, a few',
      text: '? '.repeat(40),
      place: `${FILE}:1`,
      problem: 'not YAML: a key that is no text',
    },
    {
      what: 'a hundred directives',
      text: '%a b\n'.repeat(100),
      place: `${FILE}:17`,
      problem: 'not YAML: too many directives',
    },
    {
      what: 'levels by way of references',
      text: [
        `a: &a ${'['.repeat(40)}${']'.repeat(40)}`,
        `b: ${'['.repeat(40)}*a${']'.repeat(40)}`,
      ].join('\n'),
      place: `${FILE}:2`,
      problem: 'not YAML: nested too deep',
    },
    {
      what: 'more than 1 MiB',
      text: `# ${'x'.repeat(1_048_576)}`,
      place: `${FILE}:0`,
      problem: 'larger than 1 MiB',
    },
  ])('is refused with its line: $what', ({ text, place, problem }) => {
    expect(problemsOf(text)).toContainEqual(
      expect.objectContaining({ place, key: '', what: problem }),
    )
  })

  it('is refused when its references would grow without end', () => {
    const level = (n: number): string =>
      `l${n}: &l${n} [${Array(9)
        .fill(`*l${n - 1}`)
        .join(', ')}]`
    const text = ['l0: &l0 [x]', ...Array.from({ length: 9 }, (_, n) => level(n + 1))].join('\n')
    expect(problemsOf(text)).toHaveLength(1)
  })

  it('is refused with the first 20 of its errors', () => {
    expect(problemsOf('a: {}' + ' }'.repeat(1000))).toHaveLength(20)
    expect(problemsOf('- @\n'.repeat(1000))).toHaveLength(20)
  })
})
