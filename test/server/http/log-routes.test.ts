import { afterAll, describe, expect, it } from '@jest/globals'
import { ok, refuse } from '../../../src/core/result.js'
import type { TilePath } from '../../../src/tlog/tile.js'
import { ask, closeAll, people, serve } from './harness.js'

afterAll(closeAll)

const wanted: TilePath[] = []
const served = await serve('tls', {
  rate: { perSecond: 10_000, burst: 10_000 },
  operations: {
    checkpoint: () => Promise.resolve(ok('a note\n')),
    logTile: (path) => {
      wanted.push(path)
      return Promise.resolve(ok(Uint8Array.of(0, 255, 10)))
    },
    logProof: (seq) => Promise.resolve(ok(`proof ${seq}\n`)),
    issuanceCheckpoint: () => Promise.resolve(ok('an issuance note\n')),
    issuanceTile: (path) => {
      wanted.push(path)
      return Promise.resolve(ok(Uint8Array.of(1)))
    },
    issuanceProof: (serial) => Promise.resolve(ok(`proof ${serial}\n`)),
    indexRecords: ({ from, limit }) => Promise.resolve(ok({ records: [], next: from + limit })),
    issuanceRecords: ({ from, limit }) =>
      Promise.resolve(ok({ records: [], next: from + 2 * limit })),
    stateProof: (table, name) => Promise.resolve(ok(`state ${table} ${name}\n`)),
  },
})
const at = (path: string) => ask(served, { path: `/v1/logs/index/${path}`, as: people.reader })

describe('the log over HTTP', () => {
  it('has its checkpoint, which is asked for again, and proofs of it', async () => {
    for (const [path, text] of [
      ['checkpoint', 'a note\n'],
      ['proof/0', 'proof 0\n'],
      ['proof/123456789012345', 'proof 123456789012345\n'],
      ['state/alias/shop%2Fweb', 'state alias shop/web\n'],
      ['state/name/spiffe%3A%2F%2Fa.b%2Fc', 'state name spiffe://a.b/c\n'],
    ] as const) {
      const told = await at(path)
      expect(told).toMatchObject({ status: 200, text })
      expect(told.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': path === 'checkpoint' ? 'no-cache' : 'no-store',
      })
    }
  })

  it('has whole records for readers, a page at a time', async () => {
    expect((await at('records/7')).json).toEqual({ records: [], next: 507 })
    expect((await at('records/0?limit=1')).json).toEqual({ records: [], next: 1 })
    const issued = { path: '/v1/logs/issuance/records/3?limit=500', as: people.reader }
    expect((await ask(served, issued)).json).toEqual({ records: [], next: 1003 })
    for (const path of ['records/-1', 'records/07', 'records/1?limit=0', 'records/1?limit=501']) {
      expect((await at(path)).status).toBe(400)
    }
    for (const log of ['index', 'issuance']) {
      expect((await ask(served, { path: `/v1/logs/${log}/records/0` })).status).toBe(401)
    }
  })

  it.each([
    ['tile/0/000', { kind: 'hashes', tile: { level: 0, index: 0, width: 256 } }],
    ['tile/63/000.p/1', { kind: 'hashes', tile: { level: 63, index: 0, width: 1 } }],
    ['tile/1/x001/x234/067', { kind: 'hashes', tile: { level: 1, index: 1_234_067, width: 256 } }],
    ['tile/entries/000.p/255', { kind: 'entries', bundle: { index: 0, width: 255 } }],
    ['tile/entries/x001%2F000', { kind: 'entries', bundle: { index: 1000, width: 256 } }],
  ])('has what %s names, to be kept for ever', async (path, expected) => {
    wanted.length = 0
    const told = await at(path)
    expect(told.status).toBe(200)
    expect(told.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '3',
      'cache-control': 'private, max-age=31536000, immutable',
    })
    expect(wanted).toEqual([expected])
  })

  it.each([
    'tile/0/000/',
    'tile/0//000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p',
    'tile/0/000.P/1',
    'tile/0/%30%30%30x',
    'tile/0/x999/x999/x999/x999/x999/x999/999',
    'tile/0/../0/000',
    'tile/entries/000.p/1%00',
    'tile/entries/%2e%2e/secret',
    'tile/data/000',
    `tile/0/${'x001/'.repeat(6)}000`,
  ])('has no tile of another spelling: %s', async (path) => {
    wanted.length = 0
    const told = await at(path)
    expect(told).toMatchObject({ status: 404, json: { code: 'request.not-found' } })
    expect(told.headers['cache-control']).toBe('no-store')
    expect(wanted).toEqual([])
  })

  it.each(['proof/', 'proof/-1', 'proof/01', 'proof/1e3', 'proof/0x1', 'proof/9999999999999999'])(
    'has no proof of another spelling: %s',
    async (path) => {
      const { status, json } = await at(path)
      expect([status, json?.['code']]).toEqual(
        path === 'proof/' ? [404, 'request.not-found'] : [400, 'request.malformed'],
      )
    },
  )

  it.each([
    ['state/alias/', 404],
    ['state/alias', 404],
    ['state/alias/a/b', 404],
    ['state/aliases/a', 400],
    ['state/ALIAS/a', 400],
    ['state/%20/a', 400],
    ['state/alias/a%20b', 400],
    ['state/alias/a%0Ab', 400],
    ['state/alias/%C3%A4', 400],
    [`state/alias/${'a'.repeat(401)}`, 400],
  ] as const)('has no row of another spelling: %s', async (path, status) => {
    expect(await at(path)).toMatchObject({ status })
  })

  it('takes no query, and no other method', async () => {
    expect(await at('tile/0/000?x=1')).toMatchObject({ status: 400 })
    const tile = { path: '/v1/logs/index/tile/0/000', as: people.reader }
    const told = await ask(served, { method: 'POST', ...tile })
    expect(told).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
    expect(await ask(served, { method: 'HEAD', ...tile })).toMatchObject({ status: 200, text: '' })
  })

  it('does not let what is not there yet be kept', async () => {
    const none = await serve('tls', {
      operations: { logTile: () => Promise.resolve(refuse('request.not-found', 'not yet')) },
    })
    const told = await ask(none, { path: '/v1/logs/index/tile/0/000', as: people.reader })
    expect(told).toMatchObject({ status: 404, headers: { 'cache-control': 'no-store' } })
  })

  it.each([
    ['checkpoint', 200],
    ['tile/0/000', 401],
    ['tile/entries/000', 401],
    ['proof/0', 401],
    ['state/alias/shop', 401],
  ])('answers a stranger who asks for %s with %d', async (path, status) => {
    wanted.length = 0
    expect(await ask(served, { path: `/v1/logs/index/${path}` })).toMatchObject({ status })
    expect(wanted).toEqual([])
  })
})

describe('the issuance log over HTTP', () => {
  const SERIAL = '4f0c3a9e5b7d1f2846a0c8e2b4d6f081'
  const ofIssuance = (path: string, as?: typeof people.reader) =>
    ask(served, { path: `/v1/logs/issuance/${path}`, ...(as && { as }) })

  it('has a checkpoint, tiles and proofs, for readers', async () => {
    for (const [path, text] of [
      ['checkpoint', 'an issuance note\n'],
      [`proof/${SERIAL}`, `proof ${SERIAL}\n`],
      [`proof/${SERIAL.toUpperCase()}`, `proof ${SERIAL}\n`],
    ] as const) {
      const told = await ofIssuance(path, people.reader)
      expect(told).toMatchObject({ status: 200, text })
      expect(told.headers['cache-control']).toBe('no-store')
    }
    wanted.length = 0
    const told = await ofIssuance('tile/entries/000.p/7', people.reader)
    expect(told.headers['cache-control']).toBe('private, max-age=31536000, immutable')
    expect(wanted).toEqual([{ kind: 'entries', bundle: { index: 0, width: 7 } }])
  })

  it.each(['proof/0', 'proof/', `proof/${SERIAL}0`, 'tile/0/0', 'state/alias/a'])(
    'has nothing of another spelling: %s',
    async (path) => {
      const told = await ofIssuance(path, people.reader)
      expect([400, 404]).toContain(told.status)
    },
  )

  it.each(['checkpoint', 'tile/0/000', 'tile/entries/000', `proof/${SERIAL}`])(
    'is shown to no stranger: %s',
    async (path) => {
      wanted.length = 0
      expect(await ofIssuance(path)).toMatchObject({ status: 401 })
      expect(wanted).toEqual([])
    },
  )
})
