import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { shownKeys } from '../../src/reader/shown-keys.js'
import { type ReaderAnswer, shownLogs } from '../../src/reader/shown-logs.js'

const e30 = 'e30='
const record = { record: e30, envelopes: [e30] }
const certificate = { seq: 7, record: e30, certificate: e30, evidence: '{}' }

const answering = (answer: unknown, status = 200) => {
  const asked: string[] = []
  const body = Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer))
  const ask = (path: string): Promise<ReaderAnswer> => {
    asked.push(path)
    return Promise.resolve({ status, body })
  }
  return { asked, ask, shown: shownLogs(ask) }
}

describe('what a server shows of its logs', () => {
  it('is asked for in pages that it answers', async () => {
    const index = answering({ records: [record, record, record], next: 12 })
    const read = await index.shown.records(9, 2)
    expect(read.map(({ seq }) => seq)).toEqual([9, 10])
    const issuance = answering({ records: [certificate], next: 9 })
    expect(await issuance.shown.issued(7, 9000)).toEqual({
      certificates: [
        { seq: 7, bytes: Buffer.from('{}'), certificate: Buffer.from('{}'), evidence: '{}' },
      ],
      next: 9,
    })
    expect([...index.asked, ...issuance.asked]).toEqual([
      '/v1/logs/index/records/9?limit=2',
      '/v1/logs/issuance/records/7?limit=500',
    ])
    const tile = answering('x'.repeat(64))
    await tile.shown.tile('issuance', { level: 0, index: 1, width: 2 })
    expect(tile.asked).toEqual(['/v1/logs/issuance/tile/0/001.p/2'])
  })

  it('may be nothing yet', async () => {
    expect(await answering({}, 404).shown.checkpoint('index')).toBeUndefined()
    await expect(answering({}, 500).shown.checkpoint('index')).rejects.toThrow(DependencyError)
  })

  it.each<[why: string, answer: unknown]>([
    ['no JSON', 'nonsense'],
    ['no object', []],
    ['nothing', null],
    ['no records', { next: 8 }],
    ['no next', { records: [] }],
    ['a fraction', { records: [], next: 7.5 }],
    ['no way on', { records: [], next: 7 }],
    ['more than was asked for', { records: [], next: 8000 }],
    ['a record before the page', { records: [{ ...certificate, seq: 6 }], next: 9 }],
    ['a record after the page', { records: [{ ...certificate, seq: 9 }], next: 9 }],
    ['a record twice', { records: [certificate, certificate], next: 9 }],
    ['a record of no number', { records: [{ ...certificate, seq: '7' }], next: 9 }],
    ['base64 of another spelling', { records: [{ ...certificate, record: 'e31=' }], next: 9 }],
    ['a certificate that is none', { records: [{ ...certificate, certificate: 7 }], next: 9 }],
    ['no evidence', { records: [{ ...certificate, evidence: {} }], next: 9 }],
    ['a number for a record', { records: [7], next: 9 }],
  ])('is not looked at where it is of no form: %s', async (_why, answer) => {
    await expect(answering(answer).shown.issued(7, 100)).rejects.toThrow(DependencyError)
  })

  it.each<[why: string, answer: unknown]>([
    ['no envelopes', { records: [{ record: e30 }], next: 1 }],
    ['an envelope that is none', { records: [{ record: e30, envelopes: [{}] }], next: 1 }],
    ['no record', { records: [{ envelopes: [] }], next: 1 }],
  ])('nor of the index: %s', async (_why, answer) => {
    await expect(answering(answer).shown.records(0, 100)).rejects.toThrow(DependencyError)
  })

  it('nor a tile of another width', async () => {
    const { shown } = answering('x'.repeat(63))
    const tile = { level: 0, index: 0, width: 2 }
    await expect(shown.tile('index', tile)).rejects.toThrow(DependencyError)
  })

  it('is a refusal by its code alone', async () => {
    const refused = { code: 'request.forbidden', detail: 'secret \u001b[31m' }
    const message = /answered 403 request\.forbidden to \/v1\/logs\/index\/records\/0/
    await expect(answering(refused, 403).shown.records(0, 1)).rejects.toThrow(message)
    await expect(answering(refused, 403).shown.records(0, 1)).rejects.not.toThrow(/secret/)
  })
})

describe('the keys that a server says it has', () => {
  const key = 'example.com/log+6b7d6e53+AXgpo6OsrkHo+9Gaw7YJJyGQVQzWmzOWngWqmBC1YQQn'

  it('are none where they are of no form', async () => {
    for (const said of [{}, null, { index: { logKey: key } }, { index: {}, issuance: {} }, 'x']) {
      await expect(shownKeys(answering(said).ask)).rejects.toThrow(DependencyError)
    }
    await expect(shownKeys(answering({}, 403).ask)).rejects.toThrow(/403/)
  })
})
