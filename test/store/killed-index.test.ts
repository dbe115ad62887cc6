import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { generateKeyPairSync, sign } from 'node:crypto'
import type { Alias } from '../../src/core/alias.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { VoterSigner } from '../../src/namespace/ports.js'
import { codeOf, valueOf } from '../namespace/given-index.js'
import { builtModule } from '../support/built.js'
import { FakeClock, T0 } from '../support/fake-clock.js'
import { FakeIssuedUntil } from '../support/issued-until.js'
import { ModuleProcess } from '../support/module-process.js'
import { countedRandom } from '../support/random.js'
import { SqliteStores } from '../support/sqlite-stores.js'

const ROUNDS = 6

// The process runs compiled code: this suite tests what the last `npm run build` made.
const stores = new SqliteStores()
beforeAll(() => void builtModule('namespace/live-index.js'))
afterAll(() => stores[Symbol.asyncDispose]())

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const voter: VoterSigner = {
  publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
  sign: (bytes) => sign(null, bytes, privateKey),
}

/** Changes one index for ever, by ones and by documents, and prints the alias of what is made. */
const changing = (path: string): string => `
  import { createPrivateKey, randomBytes, sign } from 'node:crypto'
  import { LiveIndex } from '${builtModule('namespace/live-index.js')}'
  import { openStore } from '${builtModule('store/open-store.js')}'
  const key = createPrivateKey(${JSON.stringify(privateKey.export({ type: 'pkcs8', format: 'pem' }))})
  const store = openStore({ path: ${JSON.stringify(path)}, writer: 'thread' })
  const deps = {
    store: store.index,
    voter: {
      publicKey: Buffer.from('${Buffer.from(voter.publicKey).toString('hex')}', 'hex'),
      sign: (bytes) => sign(null, bytes, key),
    },
    clock: { now: () => ${T0} },
    random: (size) => randomBytes(size),
    issued: { freeze: async () => undefined, thaw: () => undefined },
  }
  const about = { trustDomain: 'acme.example', controller: 'platform' }
  const made = store.index.state.meta.size === 0
    ? await LiveIndex.create(deps, about)
    : await LiveIndex.open(deps)
  const index = made.value
  const owner = { controller: 'team' }
  for (let n = index.state.size; ; n += 10) {
    const one = await index.change({ op: 'entry.create', alias: 'a/n' + n, owner })
    if (one.ok) console.log('a/n' + n)
    const entries = [1, 2, 3].map((k) => ({ alias: 'b/n' + n + '-' + k, owner }))
    const many = await index.apply({ apiVersion: 'capstan/v1', entries })
    if (many.ok) console.log(entries.map(({ alias }) => alias).join('\\n'))
  }
`

describe('a process that is killed while it changes the index', () => {
  it('leaves every change that it said was made, whole documents, and tables of its whole log', async () => {
    const path = stores.newPath()
    const told: string[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      await using child = new ModuleProcess(changing(path))
      const lines = 20 + 7 * round
      for (let line = 0; line < lines; line += 1) told.push(await child.line())
      await child.kill()
      told.push(...(await child.rest()))

      const store = stores.open(path)
      const { state } = store.index
      expect(state.meta.size).toBe(await store.index.size())
      const deps = { store: store.index, voter, clock: new FakeClock() }
      const index = valueOf(
        await LiveIndex.open({
          ...deps,
          random: countedRandom('killed'),
          issued: new FakeIssuedUntil(),
        }),
      )
      const isThere = (text: string) => index.state.entryByAlias(text as Alias) !== undefined
      expect(told.filter((text) => !isThere(text))).toEqual([])
      const documents = [...index.state.entriesUnder('b' as Alias)].map(({ alias }) => alias)
      expect(documents.length % 3).toBe(0)
      expect(codeOf(await index.verify())).toBe('ok')
      await store[Symbol.asyncDispose]()
    }
  }, 240_000)
})
