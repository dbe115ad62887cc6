import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { discoveryJwksSource, fileJwksSource, urlJwksSource } from '../../src/kube/jwks-source.js'
import { connectKube } from '../../src/kube/kube-connection.js'
import {
  FakeKubeApi,
  healthy,
  json,
  paths,
  redirect,
  silence,
  status,
} from '../support/fake-kube-api.js'
import { ISSUER, TokenSigner } from '../support/service-account-token.js'

const { jwk } = new TokenSigner('ES256')
const soon = (): AbortSignal => AbortSignal.timeout(10_000)
let fake: FakeKubeApi

beforeEach(async () => {
  fake = await FakeKubeApi.started()
  healthy(fake, [jwk])
})
/** Servers that nothing should be asked of; they end with the test, however it ends. */
const others: FakeKubeApi[] = []
afterEach(async () => {
  await Promise.all([fake, ...others.splice(0)].map((server) => server.stop()))
})

async function another(): Promise<FakeKubeApi> {
  const other = await FakeKubeApi.started()
  others.push(other)
  return other
}

async function discovery() {
  const connection = await connectKube('prod', { kubeconfig: fake.kubeconfig() })
  return discoveryJwksSource(connection, ISSUER)
}

describe('discoveryJwksSource', () => {
  it('reads the keys of the API server that its issuer names', async () => {
    expect(await (await discovery()).fetch(soon())).toEqual({ keys: [jwk] })
    expect(fake.seen.map(({ path }) => path)).toEqual([paths.discovery, paths.keys])
  })

  it('goes to no other host, whatever jwks_uri says (CVE-2026-41413)', async () => {
    const other = await another()
    fake.on(paths.discovery, json(200, { issuer: ISSUER, jwks_uri: `${other.url}/keys` }))
    expect(await (await discovery()).fetch(soon())).toEqual({ keys: [jwk] })
    expect(other.connections).toBe(0)
  })

  it.each([paths.discovery, paths.keys])(
    'follows no redirect of %s (CVE-2026-49478)',
    async (path) => {
      const other = await another()
      healthy(other, [jwk])
      fake.on(path, redirect(`${other.url}${path}`))
      await expect((await discovery()).fetch(soon())).rejects.toThrow(DependencyError)
      expect(other.connections).toBe(0)
    },
  )

  it.each([
    {
      when: 'another issuer is named',
      path: paths.discovery,
      answer: json(200, { issuer: `${ISSUER}/` }),
    },
    { when: 'no issuer is named', path: paths.discovery, answer: json(200, {}) },
    { when: 'it is not public', path: paths.discovery, answer: status(403, 'Forbidden') },
    { when: 'the keys are not public', path: paths.keys, answer: status(403, 'Forbidden') },
    { when: 'the keys are no object', path: paths.keys, answer: json(200, [jwk]) },
    {
      when: 'the keys are larger than 1 MiB',
      path: paths.keys,
      answer: json(200, { keys: 'x'.repeat(1_100_000) }),
    },
  ])('throws when $when', async ({ path, answer }) => {
    fake.on(path, answer)
    await expect((await discovery()).fetch(soon())).rejects.toThrow(DependencyError)
  })

  it('stops waiting when its signal says so', async () => {
    fake.on(paths.discovery, silence)
    const source = await discovery()
    await expect(source.fetch(AbortSignal.abort())).rejects.toThrow(DependencyError)
  })
})

describe('fileJwksSource', () => {
  it('reads the file afresh each time', async () => {
    const path = fake.file('jwks.json', '{"keys":[]}')
    const source = fileJwksSource('kubernetes prod', path)
    expect(await source.fetch(soon())).toEqual({ keys: [] })
    fake.file('jwks.json', JSON.stringify({ keys: [jwk] }))
    expect(await source.fetch(soon())).toEqual({ keys: [jwk] })
  })

  it.each([
    { when: 'it is absent', text: undefined },
    { when: 'it is no JSON', text: 'keys' },
    { when: 'it names keys twice', text: '{"keys":[],"keys":[]}' },
    { when: 'it is larger than 1 MiB', text: `{"keys":[]${' '.repeat(1_048_576)}}` },
  ])('throws when $when', async ({ text }) => {
    const path = text === undefined ? join(fake.home, 'absent') : fake.file('bad.json', text)
    const failed = fileJwksSource('kubernetes prod', path).fetch(soon())
    await expect(failed).rejects.toThrow(DependencyError)
  })
})

describe('urlJwksSource', () => {
  it.each([
    { when: 'it is not https', url: () => fake.url.replace('https', 'http') + paths.keys },
    { when: 'its certificate is not of a public CA', url: () => fake.url + paths.keys },
  ])('throws, and asks for nothing, when $when', async ({ url }) => {
    const failed = urlJwksSource('kubernetes prod', url()).fetch(soon())
    await expect(failed).rejects.toThrow(DependencyError)
    expect(fake.seen).toHaveLength(0)
  })
})
