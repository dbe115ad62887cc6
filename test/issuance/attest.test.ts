import { expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { attestWith } from '../../src/issuance/attest.js'
import { readToken } from '../../src/tokenreview/unverified-token.js'
import { clusterFacts, givenIndex } from '../namespace/given-index.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryStore } from '../support/memory-store.js'
import { claims, TokenSigner } from '../support/service-account-token.js'

it('a token of a cluster that cannot be asked is no refusal', async () => {
  const cluster = clusterFacts('prod')
  const { index } = await givenIndex({ op: 'cluster.register', alias: 'prod', cluster })
  const { ledger, joinTokens: tokens } = new MemoryStore()
  const verifyOurs = (): undefined => undefined
  const attest = attestWith({ index, readToken, ledger, tokens, verifyOurs, pods: () => undefined })
  const token = new TokenSigner('ES256').sign(claims({ iss: cluster.issuer }))
  const caller = new AbortController()
  await expect(attest({ evidence: { kind: 'kubernetes', token }, caller }, T0)).rejects.toThrow(
    new DependencyError('cluster prod', 'no way to ask it is configured'),
  )
})
