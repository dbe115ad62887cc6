import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { TokenReviewApi } from '../../src/tokenreview/ports.js'

export interface TokenReviewWorld {
  readonly api: TokenReviewApi
  readonly audience: string
  /** Bound to a running pod, for `audience`. */
  readonly token: string
  /** The pod's uid. */
  readonly podUid: string
}

/** What every `TokenReviewApi` keeps to. `open` is called once the suite's own `beforeAll` ran. */
export function tokenReviewApiContract(name: string, open: () => TokenReviewWorld): void {
  const patient = (): AbortSignal => AbortSignal.timeout(10_000)

  describe(`TokenReviewApi: ${name}`, () => {
    it('tells who a good token belongs to, down to the pod', async () => {
      const { api, token, audience, podUid } = open()
      const status = await api.review(token, audience, patient())
      expect(status).toMatchObject({ authenticated: true, audiences: [audience] })
      expect(status.user?.username).toMatch(/^system:serviceaccount:[^:]+:[^:]+$/)
      expect(status.user?.groups).toContain('system:serviceaccounts')
      expect(status.user?.extra?.['authentication.kubernetes.io/pod-uid']).toEqual([podUid])
    })

    it('answers no, as a value, about a token that is not good', async () => {
      const { api, audience } = open()
      const status = await api.review('no.such.token', audience, patient())
      expect(status.authenticated).not.toBe(true)
      expect(status.error).not.toBe('')
    })

    it('answers no about a good token for another audience', async () => {
      const { api, token } = open()
      const status = await api.review(token, 'https://other.example', patient())
      expect(status.authenticated).not.toBe(true)
    })

    it('throws when it may not wait, without the token in the error', async () => {
      const { api, token, audience } = open()
      const failed = api.review(token, audience, AbortSignal.abort())
      await expect(failed).rejects.toThrow(DependencyError)
      const error = await failed.catch((thrown: unknown) => thrown)
      expect(everythingIn(error)).not.toContain(token)
    })
  })
}

/** All that a logger could print of an error: its text, its stack, its members, its causes. */
export function everythingIn(error: unknown): string {
  const seen: string[] = []
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    seen.push(String(at), at.stack ?? '', JSON.stringify(at, Object.getOwnPropertyNames(at)))
  }
  return seen.join('\n')
}
