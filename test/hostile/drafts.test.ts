import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { JsonReader } from '../../src/cli/json-reader.js'
import { checkedDrafts } from '../../src/cli/voting/unsigned-proposals.js'
import { type GivenVoters, givenVoters } from '../cli/given-voters.js'

let voters: GivenVoters
let key = ''
let honest: readonly string[] = []

const changes = [
  { op: 'entry.create', alias: 'payments/api', owner: { controller: 'team' }, reason: 'launch' },
  { op: 'scope.create', alias: 'payments', envelope: { maxTtl: 3600 } },
] as const
const document = {
  apiVersion: 'capstan/v1',
  entries: [
    { alias: 'web/a', owner: { controller: 'team' } },
    { alias: 'web/b', owner: { controller: 'team' }, rules: [{ callers: ['web/a'], ports: [80] }] },
  ],
}
const asked = [...changes.map((change) => ({ change })), { document, why: { reason: 'spring' } }]

beforeAll(async () => {
  voters = await givenVoters()
  const ann = JSON.parse(readFileSync(join(voters.home, 'ann.json'), 'utf8')) as {
    keys: readonly { thumbprint: string }[]
  }
  key = ann.keys[0]?.thumbprint ?? ''
  honest = await Promise.all(
    asked.map(async (one) => {
      const { why, ...rest } = { why: {}, ...one }
      const body = { as: 'ann', ...rest, ...why }
      const path = '/v1/proposals/drafts'
      const answer = await voters.server.request({ method: 'POST', path, body })
      return Buffer.from(answer.body).toString('utf8')
    }),
  )
})
afterAll(() => rmSync(voters.home, { recursive: true, force: true }))

type Json = null | boolean | number | string | Json[] | { [member: string]: Json }

/** Every place in it: the ways of members and numbers that lead there. */
function placesIn(value: Json, way: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[...way]]
  const inside = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [[...way], ...inside.flatMap(([name, item]) => placesIn(item, [...way, name]))]
}

function at(value: Json, way: readonly (string | number)[]): Json {
  return way.reduce<Json>((item, name) => (item as Record<string, Json>)[name] ?? null, value)
}

/** Some of its values are others': of other places, or of nowhere. */
function lie(text: string, seeds: readonly (readonly [number, number, Json])[]): Json {
  const answer = JSON.parse(text) as Json
  for (const [to, from, made] of seeds) {
    const places = placesIn(answer)
    const way = places[to % places.length] ?? []
    const last = way.at(-1)
    if (last === undefined) continue
    const other = made ?? at(answer, places[from % places.length] ?? [])
    const above = at(answer, way.slice(0, -1)) as Record<string | number, Json>
    above[last] = JSON.parse(JSON.stringify(other)) as Json
  }
  return answer
}

const lies = fc.array(
  fc.tuple(
    fc.nat(),
    fc.nat(),
    fc.constantFrom<Json>(null, null, 'mallory', 'eve@acme', 0, 1, -1, true, {}, [], 'web/b', '*'),
  ),
  { minLength: 1, maxLength: 4 },
)

/** What anybody can see of a proposal without knowing the index: is it what was asked for? */
function isWhatWasAsked(which: number, proposal: Record<string, unknown>): void {
  const { index } = voters.given.index.state
  expect(proposal).toMatchObject({ index, author: { kind: 'voter', id: 'ann' } })
  if (which === 2) {
    const { changes: parts } = proposal['body'] as { changes: Record<string, unknown>[] }
    expect(proposal['reason']).toBe('spring')
    const named = (alias: unknown) => ['web/a', 'web/b'].includes(String(alias))
    for (const { op, subject, body } of parts) {
      expect(named((subject as { alias: string }).alias)).toBe(true)
      if (op === 'entry.create') expect(body).toMatchObject({ owner: { controller: 'team' } })
      else expect(op).toBe('rule.attach')
    }
    return
  }
  const { op, alias, ...rest } = changes[which]!
  expect(proposal).toMatchObject({ op, subject: { alias } })
  if ('owner' in rest) {
    expect(proposal).toMatchObject({ body: { owner: rest.owner }, reason: 'launch' })
  } else {
    const { maxTtl } = (proposal['body'] as { envelope: { maxTtl: number } }).envelope
    expect(maxTtl).toBe(3600)
  }
}

describe('a server that lies about what there is', () => {
  it('gets a signature for what was asked for, or none', () => {
    const ended = { checked: 0, refused: 0, broken: 0 }
    fc.assert(
      fc.property(fc.nat(2), lies, (which, seeds) => {
        const by = { asked: asked[which]!, as: 'ann', key, now: voters.given.clock.now() }
        let drafts: ReturnType<typeof checkedDrafts>
        try {
          drafts = checkedDrafts(new JsonReader(lie(honest[which] ?? '', seeds)), by)
        } catch {
          // An answer that breaks the API's contract ends the command, before there is a signature.
          ended.broken += 1
          return
        }
        if (!drafts.ok) {
          ended.refused += 1
          return
        }
        ended.checked += 1
        for (const { proposal } of drafts.value) {
          isWhatWasAsked(which, proposal as unknown as Record<string, unknown>)
        }
      }),
      { numRuns: 1500 },
    )
    // Both ends are met: an oracle that sees nothing shows nothing.
    expect(ended.checked).toBeGreaterThan(100)
    expect(ended.refused).toBeGreaterThan(100)
  })

  it('gets one where it does not', () => {
    for (const [which, one] of asked.entries()) {
      const by = { asked: one, as: 'ann', key, now: voters.given.clock.now() }
      const drafts = checkedDrafts(new JsonReader(JSON.parse(honest[which] ?? '')), by)
      expect(drafts.ok).toBe(true)
    }
  })
})
