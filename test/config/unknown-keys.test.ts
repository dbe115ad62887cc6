import { describe, expect, it } from '@jest/globals'
import { nodeAt } from '../../src/config/config-schema.js'
import { closest } from '../../src/config/suggest.js'
import { FILE, load, problemsOf } from './given-config.js'

describe('an unknown key', () => {
  it.each([
    { text: 'datadir: x', key: 'datadir', near: 'dataDir' },
    { text: 'servr: {}', key: 'servr', near: 'server' },
    { text: 'server: { http: { lisen: x } }', key: 'server.http.lisen', near: 'listen' },
    {
      text: 'server: { http: { ratelimit: {} } }',
      key: 'server.http.ratelimit',
      near: 'rateLimit',
    },
    { text: 'tokenReview: { timeoutMS: 1 }', key: 'tokenReview.timeoutMS', near: 'timeoutMs' },
  ])('$key is refused, and $near suggested', ({ text, key, near }) => {
    expect(problemsOf(text)).toEqual([
      { place: `${FILE}:1`, key, what: `no such key; did you mean "${near}"?` },
    ])
  })

  it('that is like none there is, is refused with those that there are', () => {
    expect(problemsOf('log:\n  level: info\n  colour: blue\n')).toEqual([
      {
        place: `${FILE}:3`,
        key: 'log.colour',
        what: 'no such key',
        wanted: 'one of level, format',
      },
    ])
  })

  it('does not hide another, nor a wrong value', () => {
    expect(
      problemsOf('foo: 1\nlog:\n  level: x\n  bar: 2\n')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['foo', 'log.bar', 'log.level'])
  })

  it('is shown on one line of its own, and drives no terminal', () => {
    const result = load('"a\\e[2J\\nb: c\\u009b": 1\n')
    expect(result.ok ? '' : result.refusal.found).toBe(
      `${FILE}:1: a\\u001b[2J\\u000ab: c\\u009b: no such key, wanted one of ` +
        'dataDir, keys, server, issuance, tokenReview, witnesses, log',
    )
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'is what every object has: %s',
    (key) => {
      expect(load(`${key}: { level: info }`)).toMatchObject({ ok: false })
      expect(load(`log: { ${key}: 1 }`)).toMatchObject({ ok: false })
      expect(nodeAt([key])).toBeUndefined()
    },
  )

  it('is shown no longer than it need be', () => {
    const [problem] = problemsOf(`${'k'.repeat(500)}: 1`)
    expect(problem?.key).toBe('k'.repeat(64))
  })
})

describe('an unknown variable', () => {
  it.each([
    { variable: 'CAPSTAN_LOG__LEVLE', near: 'CAPSTAN_LOG__LEVEL' },
    { variable: 'CAPSTAN_DATADIR', near: 'CAPSTAN_DATA_DIR' },
    { variable: 'CAPSTAN_SERVER__HTTP__LISTN', near: 'CAPSTAN_SERVER__HTTP__LISTEN' },
  ])('$variable is refused, and $near suggested', ({ variable, near }) => {
    expect(problemsOf('', { env: { [variable]: 'x' } })).toEqual([
      { place: variable, key: '', what: 'no such key', wanted: near },
    ])
  })

  it('that names a section is refused: a section has no text', () => {
    expect(problemsOf('', { env: { CAPSTAN_SERVER__HTTP: 'off' } })).toMatchObject([
      { place: 'CAPSTAN_SERVER__HTTP', what: 'no such key' },
    ])
  })

  it('is not quoted with its value', () => {
    const result = load('', { env: { CAPSTAN_KEYS__KEK__PASSPHRASE: 'hunter2' } })
    expect(result.ok).toBe(false)
    expect(JSON.stringify(result)).not.toContain('hunter2')
  })
})

describe('the closest of several words', () => {
  it.each([
    { word: 'levl', words: ['level', 'format'], found: 'level' },
    { word: 'LEVEL', words: ['format', 'level'], found: 'level' },
    { word: 'leve', words: ['lever', 'leve1', 'leve'], found: 'leve' },
    { word: 'xy', words: ['ab'], found: undefined },
    { word: 'a', words: ['b'], found: 'b' },
    { word: 'colour', words: ['level', 'format'], found: undefined },
    { word: '', words: ['level'], found: undefined },
    { word: 'level', words: [], found: undefined },
  ])('to "$word" is $found', ({ word, words, found }) => {
    expect(closest(word, words)).toBe(found)
  })
})
