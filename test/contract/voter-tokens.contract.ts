import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { ok, type Result } from '../../src/core/result.js'
import { unixSeconds } from '../../src/core/time.js'
import { isSignatureOf } from '../../src/namespace/dsse.js'
import type { AskPin, TokenKey, TokenKeyName, VoterTokens } from '../../src/namespace/ports.js'
import { type VoterAlgorithm, voterKeyOf } from '../../src/namespace/voter-key.js'

/** Tokens for one test. */
export interface GivenTokens {
  readonly tokens: VoterTokens
  readonly module: string
  /** Of the token that keys are made on; there is another one, `spare`, with the same PIN. */
  readonly token: string
  readonly pin: string
  /** Puts a key on it past the port, with this label and id: of P-256, or one that may not vote. */
  readonly put: (kind: 'p256' | 'rsa', label: string, id: string) => Promise<void> | void
  /** Pulls out all tokens. */
  readonly pull: () => void
  readonly end: () => void
}

export const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.refusal.code)

/** What every token of voters' keys keeps to. */
export function voterTokensContract(
  name: string,
  open: () => Promise<GivenTokens> | GivenTokens,
  algorithms: readonly VoterAlgorithm[],
): void {
  describe(`VoterTokens: ${name}`, () => {
    const ends: (() => void)[] = []
    afterEach(() => {
      for (const end of ends.splice(0).reverse()) end()
    })

    async function given() {
      const world = await open()
      ends.push(world.end)
      let asked = 0
      const pin: AskPin = (token) => {
        asked += 1
        expect([world.token, 'spare']).toContain(token)
        return Promise.resolve(ok(world.pin))
      }
      const named = (object: string, more: Partial<TokenKeyName> = {}): TokenKeyName => ({
        ...{ module: world.module, token: world.token, object },
        ...more,
      })
      const held = async (asking: Promise<Result<TokenKey>>): Promise<TokenKey> => {
        const key = await asking
        if (!key.ok) throw new Error(JSON.stringify(key.refusal))
        ends.push(() => key.value.close())
        return key.value
      }
      return { ...world, ask: pin, named, held, asked: () => asked }
    }

    const octets = Buffer.from('what a voter says')
    const holds = ({ jwk }: TokenKey, signature: Uint8Array): boolean => {
      const key = voterKeyOf(jwk, unixSeconds(0))
      return key !== undefined && isSignatureOf(key, octets, signature)
    }

    it.each(algorithms)(
      'makes a key of %s that signs, also when it is opened again',
      async (alg) => {
        const { tokens, named, ask, held, asked } = await given()
        const made = await held(tokens.create(named('ann'), alg, ask))
        expect(made.jwk.kty).toBe(alg === 'Ed25519' ? 'OKP' : 'EC')
        expect(holds(made, await made.sign(octets))).toBe(true)
        made.close()
        const again = await held(tokens.open(named('ann'), ask))
        expect(again.jwk).toEqual(made.jwk)
        const signature = await again.sign(octets)
        expect(signature).toHaveLength(64)
        expect(holds(again, signature)).toBe(true)
        expect(holds(again, await again.sign(Buffer.from('something else')))).toBe(false)
        expect(asked()).toBe(2)
      },
    )

    it('makes no second key of a label or an id', async () => {
      const { tokens, named, ask, held } = await given()
      const id = Buffer.from([1, 2])
      const made = await held(tokens.create(named('ann', { id }), 'ES256', ask))
      made.close()
      for (const name of [named('ann'), named('bob', { id })]) {
        expect(codeOf(await tokens.create(name, 'ES256', ask))).toBe('keys.exists')
      }
      const other = await held(tokens.create(named('bob'), 'ES256', ask))
      expect(other.jwk).not.toEqual(made.jwk)
    })

    it('finds a key by its label, its id, or both', async () => {
      const { tokens, named, ask, held, module, token } = await given()
      const id = Buffer.from([7])
      const made = await held(tokens.create(named('ann', { id }), 'ES256', ask))
      made.close()
      for (const name of [named('ann'), { module, token, id }, named('ann', { id })]) {
        const found = await held(tokens.open(name, ask))
        expect(found.jwk).toEqual(made.jwk)
        found.close()
      }
      for (const name of [named('bob'), named('ann', { id: Buffer.from([8]) })]) {
        expect(codeOf(await tokens.open(name, ask))).toBe('keys.not-found')
      }
    })

    it('refuses two keys of one label, unless the id says which', async () => {
      const { tokens, named, ask, held, put } = await given()
      await put('p256', 'twin', '01')
      await put('p256', 'twin', '02')
      expect(codeOf(await tokens.open(named('twin'), ask))).toBe('keys.ambiguous')
      const [first, second] = [Buffer.from([1]), Buffer.from([2])]
      const one = await held(tokens.open(named('twin', { id: first }), ask))
      expect(holds(one, await one.sign(octets))).toBe(true)
      one.close()
      const two = await held(tokens.open(named('twin', { id: second }), ask))
      expect(two.jwk).not.toEqual(one.jwk)
      expect(holds(two, await two.sign(octets))).toBe(true)
    })

    it('refuses a key that may not vote', async () => {
      const { tokens, named, ask, put } = await given()
      await put('rsa', 'old', '03')
      expect(codeOf(await tokens.open(named('old'), ask))).toBe('keys.malformed')
    })

    it('refuses a token that is not there, and one that could be several', async () => {
      const { tokens, named, ask, module, asked } = await given()
      expect(codeOf(await tokens.open(named('ann', { token: 'away' }), ask))).toBe('keys.not-found')
      expect(codeOf(await tokens.open(named('ann', { serial: 'none' }), ask))).toBe(
        'keys.not-found',
      )
      expect(codeOf(await tokens.open({ module, object: 'ann' }, ask))).toBe('keys.ambiguous')
      expect(asked()).toBe(0)
    })

    it('tries a wrong PIN once, and a refusal to say one not at all', async () => {
      const { tokens, named, ask, held, pin } = await given()
      const made = await held(tokens.create(named('ann'), 'ES256', ask))
      made.close()
      let asked = 0
      const wrong: AskPin = () => {
        asked += 1
        return Promise.resolve(ok(`${pin}9`))
      }
      expect(codeOf(await tokens.open(named('ann'), wrong))).toBe('keys.wrong-pin')
      expect(asked).toBe(1)
      const silent: AskPin = () =>
        Promise.resolve({ ok: false, refusal: { code: 'cli.usage', detail: 'no terminal' } })
      expect(codeOf(await tokens.open(named('ann'), silent))).toBe('cli.usage')
      const right = await held(tokens.open(named('ann'), ask))
      expect(holds(right, await right.sign(octets))).toBe(true)
    })

    it('signs nothing once it is pulled out', async () => {
      const { tokens, named, ask, held, pull } = await given()
      const made = await held(tokens.create(named('ann'), 'ES256', ask))
      pull()
      await expect(made.sign(octets)).rejects.toThrow(DependencyError)
      made.close()
      expect(codeOf(await tokens.open(named('ann'), ask))).toBe('keys.not-found')
    })

    it('is not found in a file that is no module', async () => {
      const { tokens, named, ask } = await given()
      // A library, and not of PKCS#11.
      const store = '../../node_modules/better-sqlite3/build/Release/better_sqlite3.node'
      const library = join(import.meta.dirname, store)
      for (const module of [import.meta.filename, '/nowhere/module.so', '/', library]) {
        const opened = await tokens.open(named('ann', { module }), ask)
        expect(codeOf(opened)).toBe('keys.pkcs11-unavailable')
      }
    })
  })
}
