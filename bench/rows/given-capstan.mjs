import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyEntries } from '../capstan/apply-entries.mjs'
import { CLUSTER, NAMESPACE } from '../capstan/namespace-document.mjs'
import { Capstan } from '../capstan/server.mjs'
import { LoadProcess } from '../load/load-process.mjs'
import { makeTokenKey } from '../load/service-account-token.mjs'

export const ACCOUNTS = 1000

/**
 * A new CA with an entry for each of so many service accounts, whose tokens are verified offline,
 * serving; and a load process. `use` gets both, and they end with it.
 */
export async function withCapstan({ folder, name, server, accounts = ACCOUNTS }, use) {
  const home = join(folder, name)
  mkdirSync(home)
  const key = makeTokenKey()
  const jwks = join(home, 'jwks.json')
  writeFileSync(jwks, JSON.stringify(key.jwks))
  const capstan = await Capstan.founded(home, server)
  applyEntries(capstan, { count: accounts, how: { validation: 'offline', jwks: { file: jwks } } })
  const { issuer, audience } = CLUSTER
  const tokenKey = { pem: key.pem, issuer, audience, namespace: NAMESPACE }
  return withLoad((load) => serving(capstan, () => use({ capstan, load, tokenKey })))
}

export async function serving(capstan, use) {
  await capstan.start()
  try {
    return await use()
  } finally {
    await capstan.stop()
  }
}

export async function withLoad(use) {
  const load = new LoadProcess()
  try {
    return await use(load)
  } finally {
    await load.stop()
  }
}
