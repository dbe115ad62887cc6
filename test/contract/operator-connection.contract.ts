import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { OperatorConnection } from '../../src/cli/world.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { refuse } from '../../src/core/result.js'
import type { Operations } from '../../src/server/operations.js'
import { fakeOperations } from '../support/fake-operations.js'

/** A connection to a server that answers by these operations. */
export interface ConnectedServer {
  readonly connection: OperatorConnection
  /** Ends the server at once. */
  readonly stop: () => Promise<void>
}

/** What every `OperatorConnection` keeps to, whatever is between it and the server. */
export function operatorConnectionContract(
  name: string,
  open: (operations: Partial<Operations>) => Promise<ConnectedServer>,
): void {
  describe(`OperatorConnection: ${name}`, () => {
    const handed: unknown[] = []
    let given: ConnectedServer
    const textOf = (body: Uint8Array): string => Buffer.from(body).toString('utf8')

    beforeAll(async () => {
      given = await open({
        draftProposals: (asked, context) => {
          handed.push(asked.change)
          return fakeOperations().draftProposals(asked, context)
        },
        entry: (alias) =>
          Promise.resolve(refuse('namespace.unknown', 'there is no such entry', { found: alias })),
      })
    })
    afterAll(async () => {
      await given.connection.close()
      await given.stop()
    })

    it('brings the answer, with its status and its media type', async () => {
      const answer = await given.connection.request({ method: 'GET', path: '/v1/status' })
      expect([answer.status, answer.contentType]).toEqual([200, 'application/json'])
      expect(JSON.parse(textOf(answer.body))).toHaveProperty('index')
    })

    it('asks for the media type that is wanted', async () => {
      const path = '/v1/logs/index/checkpoint'
      const answer = await given.connection.request({ method: 'GET', path, accept: 'text/plain' })
      expect([answer.status, answer.contentType]).toEqual([200, 'text/plain'])
    })

    it('carries a body as it is, once', async () => {
      const change = { op: 'entry.suspend', alias: 'shop/web', reason: 'ü€ \u2028' }
      const body = { as: 'ann', change }
      const sent = { method: 'POST', path: '/v1/proposals/drafts', body } as const
      expect((await given.connection.request(sent)).status).toBe(200)
      expect(handed).toEqual([change])
    })

    it('brings a refusal as an answer', async () => {
      const asked = { method: 'GET', path: '/v1/entries/shop%2Fweb' } as const
      const { status, contentType, body } = await given.connection.request(asked)
      expect([status, contentType]).toEqual([404, 'application/problem+json'])
      expect(JSON.parse(textOf(body))).toMatchObject({ code: 'namespace.unknown' })
    })

    it('answers each of several requests at once', async () => {
      const paths = ['/v1/status', '/v1/brakes', '/v1/proposals', '/v1/recoveries']
      const answers = await Promise.all(
        paths.map((path) => given.connection.request({ method: 'GET', path })),
      )
      const members = answers.map(({ body }) => Object.keys(JSON.parse(textOf(body)) as object)[0])
      expect(members.slice(1)).toEqual(['brakes', 'proposals', 'recoveries'])
    })

    it('throws where no answer comes', async () => {
      const gone = await open({})
      await gone.stop()
      const asked = gone.connection.request({ method: 'GET', path: '/v1/status' })
      await expect(asked).rejects.toThrow(DependencyError)
      await gone.connection.close()
    })
  })
}
