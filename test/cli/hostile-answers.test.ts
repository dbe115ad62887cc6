import { describe, expect, it } from '@jest/globals'
import { JsonReader } from '../../src/cli/json-reader.js'
import type { OperatorConnection } from '../../src/cli/world.js'
import { givenGroup } from '../namespace/given-group.js'
import { owner } from '../namespace/given-index.js'
import { run, type Screen } from './fake-world.js'
import { servedIndex } from './served-index.js'

/** A server that answers one thing to whatever it is asked. */
const answering = (value: unknown): OperatorConnection => ({
  request: () =>
    Promise.resolve({
      status: 200,
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(value)),
    }),
  close: () => Promise.resolve(),
})

const asked = (line: string, value: unknown): Promise<Screen> =>
  run(line.split(' '), { server: answering(value), columns: 80 })

/** Goes up a line, and writes over what stands there. */
const OVER = '\u001b[A\u001b[2Kdecided by: all of them'

const lines = [
  ...['status', 'inbox', 'group show', 'resilience /', 'authority shop/api', 'log shop/api'],
  ...['why shop/web shop/api --port 443', 'why shop/web shop/api', 'reach shop/web'],
  ...[
    'callers shop/api',
    'exceptions',
    'entry ls',
    'entry show shop/api',
    'scope tree',
    'diff 1 4',
  ],
  ...['rules list shop/api', 'guards list', 'brake list', 'emergency list', 'recovery show'],
  ...['proposal show ID', 'impact ID'],
]

/** Copies of the value, each with one text or number of it replaced. */
function replaced(value: unknown, by: unknown): unknown[] {
  if (typeof value === 'string' || typeof value === 'number') return [by]
  if (Array.isArray(value)) {
    return value.flatMap((item, at) =>
      replaced(item, by).map((one): unknown[] => value.with(at, one) as unknown[]),
    )
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    replaced(item, by).map((one) => ({ ...value, [key]: one })),
  )
}

describe('what a server answers', () => {
  it('drives no terminal, wherever it stands in the answer (attack 381)', async () => {
    const given = await givenGroup(
      {},
      { op: 'scope.create', alias: 'shop' },
      { op: 'entry.create', alias: 'shop/web', owner },
      { op: 'entry.create', alias: 'shop/api', owner },
      {
        op: 'rule.attach',
        alias: 'shop/api',
        rule: { id: 'web', callers: ['shop/web'], ports: [443, [8000, 8010]] },
      },
    )
    const { id } = await given.proposed({ op: 'entry.suspend', alias: 'shop/web' })
    const server = servedIndex(given)
    const shown = { clock: given.clock, columns: 80 }
    const driven: string[] = []
    let tried = 0
    for (const line of lines) {
      const argv = line.replace('ID', id).split(' ')
      const bodies: unknown[] = []
      const recording: OperatorConnection = {
        request: async (request) => {
          const answer = await server.request(request)
          bodies.push(JSON.parse(Buffer.from(answer.body).toString()))
          return answer
        },
        close: () => Promise.resolve(),
      }
      expect(await run(argv, { ...shown, server: recording })).toMatchObject({ err: '' })
      for (const other of replaced(bodies[0], OVER)) {
        const { out, err } = await run(argv, { ...shown, server: answering(other) })
        tried += 1
        if (`${out}${err}`.includes('\u001b')) driven.push(`${line}: ${out}${err}`)
      }
      for (const other of [-1, 1e300].flatMap((number) => replaced(bodies[0], number))) {
        const { err } = await run(argv, { ...shown, server: answering(other) })
        if (err.includes('internal')) driven.push(`${line}: ${err}`)
      }
    }
    expect(driven).toEqual([])
    expect(tried).toBeGreaterThan(300)
  })

  it('is said to be no answer where its API says otherwise, and not to be a defect here', async () => {
    for (const value of [null, [], {}, { grants: {} }, { grants: [{ acts: 'x' }] }]) {
      const { exit, out, err } = await asked('emergency list', value)
      expect(err).toContain('refused: unavailable\nserver: answers otherwise than its API does: ')
      expect([exit, out]).toEqual([6, ''])
    }
  })

  it('has only times and lengths that there are', () => {
    const read = (at: unknown) => () => new JsonReader({ at }).instant('at')
    expect(read(8_640_000_000_000)()).toBe(8_640_000_000_000)
    for (const at of [8_640_000_000_001, -8_640_000_000_001, 0.5, '0', null]) {
      expect(read(at)).toThrow('"at" is not a')
    }
    const length = (ttl: unknown) => () => new JsonReader({ ttl }).length('ttl')
    expect(length(0)()).toBe(0)
    for (const ttl of [-1, 0.5, 1e300, '1']) expect(length(ttl)).toThrow('"ttl" is not a')
  })
})
