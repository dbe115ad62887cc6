import { describe, expect, it } from '@jest/globals'
import { parseSpeed } from '../../bench/machine/limit.mjs'
import { handshakeOf, withShares } from '../../bench/report.mjs'
import { resultOf } from '../../bench/result.mjs'
import { markdownTable, threeFigures } from '../../bench/table.mjs'

describe('openssl speed -mr', () => {
  it('prints how many a second', () => {
    const { sign_us, verify_us } = parseSpeed('+H:16\n+F4:3:256:50000.0:16000.5\n')
    expect(sign_us).toBe(20)
    expect(verify_us).toBeCloseTo(62.498, 3)
  })

  it('or, in other versions, seconds for each', () =>
    expect(parseSpeed('+F4:3:256:0.00002:0.00006').verify_us).toBeCloseTo(60))

  it('says nothing of other curves', () =>
    expect(() => parseSpeed('+F4:4:384:1000:800')).toThrow('no P-256'))
})

describe('a row', () => {
  const rows = [
    { name: 'handshake', concurrency: 16, cpu_us: 400 },
    { name: 'cold-start', concurrency: 16, cpu_us: 800 },
    { name: 'cold-start', concurrency: 1, cpu_us: 900 },
    { name: 'certify-first', concurrency: 16, cpu_us: 320 },
  ]
  const shared = withShares(rows, { total: 80 })

  it('has its share of the limit', () =>
    expect(shared.map(({ share }) => share)).toEqual([0.2, 0.1, 80 / 900, 0.25]))

  it('that makes a handshake is compared with a bare one of its concurrency', () =>
    expect(shared.map(({ handshakes }) => handshakes)).toEqual([
      undefined,
      2,
      undefined,
      undefined,
    ]))

  it('and so is the summary', () => {
    expect(handshakeOf(rows)).toEqual({ handshake: { 16: { cpu_us: 400, 'cold-start': 2 } } })
    expect(handshakeOf([])).toEqual({})
  })
})

describe('a table', () => {
  it('is Markdown, with numbers on the right and dashes for what is not there', () => {
    const columns = [
      ['row', ({ name }: Named) => name],
      ['us', ({ us }: Named) => us],
    ] as const
    const rows = [{ name: 'first', us: 1234 }, { name: 'second' }]
    expect(markdownTable<Named>(columns, rows).split('\n')).toEqual([
      '| row    |   us |',
      '| ------ | ---: |',
      '| first  | 1234 |',
      '| second |    - |',
    ])
  })

  it('has three figures at least, and no more after the point', () => {
    expect([123.4, 1.2345, 0.012345, 123456].map(threeFigures)).toEqual([123, 1.23, 0.0123, 123456])
    expect(threeFigures(undefined)).toBeUndefined()
  })
})

interface Named {
  readonly name: string
  readonly us?: number
}

it('--json writes one object: the machine, the limit, and rows with their share of it', () => {
  const limit = { total: 60, value: { sign_us: 15, verify_us: 45 } }
  const times = { rate: 5000, p50_ms: 20, p99_ms: 50, rss_mb: 230, requests: 100, failed: 0 }
  const row = { name: 'certify-renew', concurrency: 128, cpu_us: 240, ...times }
  const written = JSON.parse(JSON.stringify(resultOf({ limit }, {}, [row], { memory: [1] }))) as {
    machine: object
  }
  expect(Object.keys(written.machine)).toEqual(
    expect.arrayContaining(['cores', 'cpu', 'memory_gib']),
  )
  expect(written).toEqual({
    machine: written.machine,
    node: process.version,
    limit: { sign_us: 15, verify_us: 45 },
    rows: [{ ...row, share: 0.25 }],
    memory: [1],
  })
})
