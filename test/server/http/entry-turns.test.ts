import { afterAll, describe, expect, it } from '@jest/globals'
import { ok } from '../../../src/core/result.js'
import { seconds } from '../../../src/core/time.js'
import { defaultEntryLimits, entryTurnsWith } from '../../../src/server/http/entry-turns.js'
import { FakeClock } from '../../support/fake-clock.js'
import { fakeOperations } from '../../support/fake-operations.js'
import { ask, closeAll, type Credential, people, serve, type Setup, type Told } from './harness.js'

afterAll(closeAll)

describe('the turns of an entry', () => {
  const limits = { ...defaultEntryLimits, perSecond: 2, burst: 3, atOnce: 2 }

  it('are as many at once as there may be, and one more when one ends', () => {
    const turns = entryTurnsWith(new FakeClock(), limits)
    expect([turns.begin('ops/ann'), turns.begin('ops/ann')]).toEqual([undefined, undefined])
    expect(turns.begin('ops/ann')).toBe(1)
    expect(turns.begin('ops/bob')).toBeUndefined()
    turns.end('ops/ann')
    expect(turns.begin('ops/ann')).toBeUndefined()
  })

  it('come again with time, and none is used up by a request that has to wait', () => {
    const clock = new FakeClock()
    const turns = entryTurnsWith(clock, limits)
    const once = (): number | undefined => {
      const wait = turns.begin('ops/ann')
      if (wait === undefined) turns.end('ops/ann')
      return wait
    }
    expect([once(), once(), once(), once()]).toEqual([undefined, undefined, undefined, 1])
    clock.advance(seconds(1))
    expect([once(), once(), once()]).toEqual([undefined, undefined, 1])
  })
})

describe('statements over the network', () => {
  /** Both may hand in statements; each by its own name. */
  const operations: Setup['operations'] = {
    holderOf: (certificate) =>
      Promise.resolve(
        ok({
          alias: Buffer.from(certificate).equals(people.reader.certDer) ? 'ops/ann' : 'ops/bob',
        }),
      ),
  }
  const envelopes = [{ payload: 'e30=', payloadType: 'a/b', signatures: [{ sig: 'AAAA' }] }]
  const post = (
    served: Awaited<ReturnType<typeof serve>>,
    as: Credential,
    path = '/v1/statements',
    body: object = { envelopes },
  ): Promise<Told> => ask(served, { method: 'POST', path, body, as })
  const verdict = ({ status, json }: Told): unknown => (status === 200 ? 'taken' : json?.['code'])

  it('of one entry that sends many leave those of another alone (attack 283)', async () => {
    const served = await serve('tls', { operations, entries: { burst: 3 } })
    const said: unknown[] = []
    for (let round = 0; round < 5; round += 1) said.push(verdict(await post(served, people.reader)))
    expect(said).toEqual(['taken', 'taken', 'taken', 'request.throttled', 'request.throttled'])
    expect(verdict(await post(served, people.submitter))).toBe('taken')
    const throttled = await post(served, people.reader)
    expect([throttled.status, throttled.headers['retry-after']]).toEqual([429, '1'])
    expect(served.audited[0]).toMatchObject({ operation: 'submit', about: { by: 'ops/ann' } })
  })

  it('are a few at once for each entry, drafts among them (attack 283)', async () => {
    const gate: { open?: () => void; begun?: () => void } = {}
    const opened = new Promise<void>((resolve) => (gate.open = resolve))
    const begun = new Promise<void>((resolve) => (gate.begun = resolve))
    const served = await serve('tls', {
      operations: {
        ...operations,
        draftProposals: async (asked, context) => {
          gate.begun?.()
          await opened
          return fakeOperations().draftProposals(asked, context)
        },
      },
      entries: { atOnce: 1 },
    })
    const change = { op: 'entry.suspend', alias: 'shop/web' }
    const drafting = post(served, people.reader, '/v1/proposals/drafts', { as: 'ann', change })
    await begun
    const second = await post(served, people.reader)
    const other = await post(served, people.submitter)
    gate.open?.()
    expect([(await drafting).status, verdict(second), verdict(other)]).toEqual([
      ...[200, 'request.throttled', 'taken'],
    ])
  })

  it('are not read where a body is large, which the local socket takes (attack 283)', async () => {
    const change = { op: 'entry.suspend', alias: 'shop/web', reason: 'x'.repeat(70_000) }
    const [tls, unix] = [await serve('tls', { operations }), await serve('unix', { operations })]
    const asked = { as: 'ann', change }
    const path = '/v1/proposals/drafts'
    const over = await post(tls, people.reader, path, asked)
    expect([over.status, over.json?.['code']]).toEqual([413, 'request.too-large'])
    expect((await ask(unix, { method: 'POST', path, body: asked })).status).toBe(200)
  })

  it('take no turn on the local socket', async () => {
    const served = await serve('unix', { operations, entries: { burst: 1 } })
    const path = '/v1/statements'
    for (let round = 0; round < 3; round += 1) {
      expect((await ask(served, { method: 'POST', path, body: { envelopes } })).status).toBe(200)
    }
  })
})
