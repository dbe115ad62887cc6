import { afterAll, describe, expect, it } from '@jest/globals'
import { httpsConnection } from '../../src/compose/https-connection.js'
import { unixSocketConnection } from '../../src/compose/unix-socket-connection.js'
import type { OperatorConnection } from '../../src/cli/world.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { refuse } from '../../src/core/result.js'
import type { Clock } from '../../src/core/time.js'
import { operatorConnectionContract } from '../contract/operator-connection.contract.js'
import { closeAll, people, serve, type Served, type Setup } from '../server/http/harness.js'
import { FakeClock } from '../support/fake-clock.js'

afterAll(closeAll)

operatorConnectionContract('Unix socket', async (operations) => {
  const { listener, socketPath } = await serve('unix', { operations })
  return { connection: unixSocketConnection(socketPath), stop: () => listener.close(0) }
})

/** As an entry whose certificate the server knows; `ca` is whom it is believed to be by. */
function connected(
  { listener }: Served,
  clock: Clock = new FakeClock(),
  ca = people.server.certPem,
): OperatorConnection {
  const { keyPem, certPem } = people.submitter
  const [, port = ''] = listener.address.split(':')
  const way = {
    server: new URL(`https://localhost:${port}`),
    trust: () => Promise.resolve({ ca, cert: certPem, key: keyPem }),
  }
  return httpsConnection(way, { clock, signal: new AbortController().signal })
}

operatorConnectionContract('mutual TLS', async (operations) => {
  const served = await serve('tls', { operations })
  return { connection: connected(served), stop: () => served.listener.close(0) }
})

const envelopes = [{ payload: 'e30=', payloadType: 'a/b', signatures: [{ sig: 'AAAA' }] }]
const statement = { method: 'POST', path: '/v1/statements', body: { envelopes } } as const

describe('a connection over mutual TLS', () => {
  it('says nothing to a server of another CA (attack 285)', async () => {
    const seen: unknown[] = []
    const operations: Setup['operations'] = {
      submit: (sent) => {
        seen.push(sent)
        return Promise.reject(new Error('it was sent'))
      },
    }
    const served = await serve('tls', { operations })
    const connection = connected(served, new FakeClock(), people.stranger.certPem)
    await expect(connection.request(statement)).rejects.toThrow(DependencyError)
    expect({ seen, counted: served.counted }).toEqual({ seen: [], counted: [] })
    await connection.close()
  })

  it('waits as long as it is told, and asks again', async () => {
    const clock = new FakeClock()
    const waited: number[] = []
    const served = await serve('tls', { clock, entries: { burst: 1, perSecond: 0.25 } })
    const connection = connected(served, {
      now: () => clock.now(),
      sleepUntil: (at) => {
        waited.push(at - clock.now())
        clock.set(at)
        return Promise.resolve()
      },
    })
    const answers = [await connection.request(statement), await connection.request(statement)]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(waited).toEqual([4])
    await connection.close()
  })

  it('waits for nothing beside an answer that is there: attack 317', async () => {
    const served = await serve('tls', { entries: { burst: 1, perSecond: 0.25 } })
    const connection = connected(served, {
      now: () => new FakeClock().now(),
      sleepUntil: () => Promise.reject(new Error('it waited')),
    })
    await connection.request(statement)
    expect((await connection.request({ ...statement, withinMs: 2000 })).status).toBe(429)
    await connection.close()
  })

  it('is given no longer than was said: attack 317', async () => {
    const operations: Setup['operations'] = { scope: () => new Promise<never>(() => undefined) }
    const asked = { method: 'GET', path: '/v1/scopes/_root', withinMs: 1 } as const
    const remote = await serve('tls', { operations })
    const local = await serve('unix', { operations })
    for (const connection of [connected(remote), unixSocketConnection(local.socketPath)]) {
      await expect(connection.request(asked)).rejects.toThrow(DependencyError)
      await connection.close()
    }
  })

  it('believes no other CA whatever the environment says (attack 285)', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      const served = await serve('tls')
      const connection = connected(served, new FakeClock(), people.stranger.certPem)
      const error = await connection.request(statement).catch((one: unknown) => one)
      expect(error).toBeInstanceOf(DependencyError)
      // Nothing has left this machine, and nobody has to look for it.
      expect(String(error)).not.toContain('may have been taken')
      expect(served.counted).toEqual([])
      await connection.close()
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
    }
  })

  it('does not ask again for what there is too much of', async () => {
    let asked = 0
    const submit = () => {
      asked += 1
      return Promise.resolve(refuse('namespace.too-many', 'the brakes of this week are used up'))
    }
    const served = await serve('tls', { operations: { submit } })
    const connection = connected(served)
    const answer = await connection.request(statement)
    expect([answer.status, asked]).toEqual([429, 1])
    await connection.close()
  })

  it('says to look first where the server failed with the statement in its hands', async () => {
    const submit = () => Promise.reject(new DependencyError('store', 'the disk is away'))
    const draftProposals = submit
    const served = await serve('tls', { operations: { submit, draftProposals } })
    const connection = connected(served)
    const answer = await connection.request(statement)
    expect(answer.status).toBe(503)
    expect(JSON.parse(Buffer.from(answer.body).toString())).toMatchObject({
      ...{ code: 'unavailable', next: expect.stringContaining('look before you send it again') },
    })
    const body = { as: 'ann', request: { op: 'scope.create', alias: 'a' } }
    const draft = await connection.request({ ...statement, path: '/v1/proposals/drafts', body })
    expect(Buffer.from(draft.body).toString()).not.toContain('may have been taken')
    await connection.close()
  })

  it('says nothing of what may have arrived where nobody listens', async () => {
    const served = await serve('tls')
    const connection = connected(served)
    await served.listener.close(0)
    const error = await connection.request(statement).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(DependencyError)
    expect(String(error)).not.toContain('may have been taken')
    await connection.close()
  })

  it('says that a statement may have arrived where no answer came', async () => {
    const late: { served?: Served } = {}
    const served = await serve('tls', {
      operations: {
        submit: async () => {
          await late.served?.listener.close(0)
          throw new Error('it is gone')
        },
      },
    })
    late.served = served
    const connection = connected(served)
    await expect(connection.request(statement)).rejects.toThrow('may have been taken')
    await connection.close()
  })
})
