import { afterEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { HttpListener } from '../../src/server/http/listener.js'
import { rateLimiterWith } from '../../src/server/http/rate-limit.js'
import { listenWitness } from '../../src/server/witness/listen-witness.js'
import { createWitnessApp } from '../../src/server/witness/witness-app.js'
import { knownLogs } from '../../src/tlog/known-logs.js'
import { FakeClock, T0 } from '../support/fake-clock.js'
import { MemoryWitnessStore } from '../support/memory-witness-store.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { SignedTree } from '../support/signed-tree.js'

const origin = 'log.example/1'
const log = logSigner(origin)
const tree = new SignedTree(log)
const open: HttpListener[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close(0)))
})

interface Given {
  readonly burst?: number
  readonly fault?: () => string | undefined
}

/** A witness on a real socket. */
async function given({ burst = 1000, fault = () => undefined }: Given = {}) {
  const store = new MemoryWitnessStore()
  const clock = new FakeClock()
  const told: { readonly level: string; readonly fields: object; readonly message: string }[] = []
  const tell = (level: string) => (fields: object, message: string) =>
    void told.push({ level, fields, message })
  const app = createWitnessApp({
    witness: { logs: knownLogs([log.key]), store, signers: [witnessSigner('w.example')] },
    origins: [origin],
    clock,
    timeFault: () => Promise.resolve(fault()),
    takeTurn: rateLimiterWith(clock, { perSecond: 1, burst, remembered: 10 }),
    log: { info: tell('info'), warn: tell('warn'), error: tell('error') },
  })
  const listener = await listenWitness({
    ...{ host: '127.0.0.1', port: 0, app, newRequestId: () => 'r' },
  })
  open.push(listener)
  const url = `http://${listener.address}`
  const add = (body: string | Uint8Array): Promise<Response> =>
    fetch(`${url}/add-checkpoint`, { method: 'POST', body })
  return { url, add, store, told }
}

const hash = createHash('sha256').update(origin).digest('hex')

describe('a witness over HTTP', () => {
  it('answers each case of C2SP tlog-witness with its status and its type', async () => {
    const { add } = await given()
    const fork = tree.forkedAt(3)
    const stranger = new SignedTree(logSigner('other.example'))
    const cosigned = await add(await tree.request(0, 7))
    expect(cosigned.status).toBe(200)
    expect(await cosigned.text()).toMatch(/^— w\.example [A-Za-z0-9+/=]+\n$/)
    const conflict = await add(await tree.request(0, 8))
    expect(conflict.status).toBe(409)
    expect(conflict.headers.get('content-type')).toBe('text/x.tlog.size')
    expect(await conflict.text()).toBe('7\n')
    const bad = (await tree.request(7, 8)).replace(/[A-Za-z0-9+/]{4}==?\n$/, 'AAAA==\n')
    const statuses = [
      [400, 'nonsense'],
      [400, await tree.request(9, 8)],
      [400, bad],
      [403, (await tree.request(7, 8)).replace('\n8\n', '\n9\n')],
      [404, await stranger.request(0, 7)],
      [422, await fork.request(7, 8)],
      [422, await fork.request(7, 7)],
      [200, await tree.request(7, 8)],
    ] as const
    for (const [status, body] of statuses) {
      const answer = await add(body)
      await answer.text()
      expect(answer.status).toBe(status)
    }
  })

  it('shows what it has cosigned under the hash of the origin, and 404 before', async () => {
    const { url, add } = await given()
    const latest = (): Promise<Response> => fetch(`${url}/${hash}/checkpoint`)
    expect((await latest()).status).toBe(404)
    const lines = await (await add(await tree.request(0, 7))).text()
    const shown = await latest()
    expect([shown.status, await shown.text()]).toEqual([200, (await tree.note(7)) + lines])
    expect((await fetch(`${url}/${'0'.repeat(64)}/checkpoint`)).status).toBe(404)
    expect((await fetch(`${url}/${hash}/checkpoint`, { method: 'POST' })).status).toBe(405)
  })

  it('tells loudly of two roots of one size, with the proof of it, whatever stands around', async () => {
    const { add, told } = await given()
    await add(await tree.request(0, 7))
    const forked = tree.forkedAt(3)
    // Lines that anybody can put there, before the one that counts.
    const [text, signature] = (await forked.request(7, 7)).split('\n\n').slice(-2)
    const junk = Array.from({ length: 60 }, (_, at) => {
      const octets = Buffer.alloc(500, at).toString('base64')
      return `\u2014 junk${at}.example ${octets}\n`
    })
    expect((await add(`old 7\n\n${text}\n\n${junk.join('')}${signature}`)).status).toBe(422)
    const alarms = told.filter(({ level }) => level === 'error')
    expect(alarms.map(({ message }) => message)).toEqual([expect.stringContaining('two histories')])
    expect(alarms[0]?.fields).toMatchObject({ status: 422, log: origin, size: 7 })
    expect((alarms[0]?.fields as { note: string }).note).toBe(await forked.note(7))
  })

  it('attack 95: raises no alarm over true checkpoints that anybody sends without their proof', async () => {
    const { add, told } = await given()
    await add(await tree.request(0, 7))
    const wrongProof = `old 7\n${'A'.repeat(43)}=\n\n`
    for (const body of [
      `old 7\n\n${await tree.note(8)}`,
      wrongProof + (await tree.note(8)),
      wrongProof + (await tree.note(7)),
      await tree.forkedAt(3).request(7, 8),
    ]) {
      expect((await add(body)).status).toBe(422)
    }
    expect(told.map(({ level }) => level)).toEqual(['info', 'warn', 'warn', 'warn', 'warn'])
    expect(told[1]?.message).toContain('not shown to go on')
    expect(told[4]?.fields).toMatchObject({ note: await tree.forkedAt(3).note(8) })
  })

  it('cosigns nothing while the clock is wrong, and says so', async () => {
    let fault: string | undefined = 'the clock says 1970'
    const { url, add, store } = await given({ fault: () => fault })
    expect((await add(await tree.request(0, 7))).status).toBe(503)
    const health = await fetch(`${url}/health`)
    expect([health.status, await health.text()]).toEqual([503, 'the clock says 1970\n'])
    expect(store.heads.size).toBe(0)
    fault = undefined
    expect((await add(await tree.request(0, 7))).status).toBe(200)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(store.heads.get(origin)?.at).toBe(T0)
  })

  it('answers 503 without a signature where nothing can be recorded', async () => {
    const { add, store } = await given()
    store.checkAndStore = () => Promise.reject(new DependencyError('store', 'the disk is full'))
    const answer = await add(await tree.request(0, 7))
    expect([answer.status, await answer.text()]).toEqual([503, 'try again later\n'])
  })

  it('takes no more than a request has, and no more of them than it can', async () => {
    const { url, add } = await given({ burst: 3 })
    expect((await add(Buffer.alloc(200_000, 'a'))).status).toBe(413)
    expect((await fetch(`${url}/add-checkpoint`)).status).toBe(405)
    expect((await fetch(`${url}/other`)).status).toBe(404)
    const late = await add(await tree.request(0, 7))
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '1'])
    // Whoever asks whether it lives is not counted.
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it('answers whatever it is sent, and never with 500 (property)', async () => {
    const { add, told } = await given({ burst: 10_000 })
    const good = Buffer.from(await tree.request(0, 7))
    const changed = fc
      .tuple(fc.nat(good.length - 1), fc.uint8Array({ maxLength: 6 }), fc.nat(4))
      .map(([at, put, cut]) => Buffer.concat([good.subarray(0, at), put, good.subarray(at + cut)]))
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, fc.uint8Array({ maxLength: 300 })), async (body) => {
        const answer = await add(body)
        await answer.text()
        expect([200, 400, 403, 404, 409, 422]).toContain(answer.status)
      }),
      { numRuns: 150 },
    )
    expect(told.filter(({ message }) => message.includes('could not be answered'))).toEqual([])
  })
})
