import { beforeAll, describe, expect, it } from '@jest/globals'
import { seconds, unixSeconds } from '../../src/core/time.js'
import { MAX_BUNDLE_OCTETS } from '../../src/verify/bundle.js'
import { permitBundles } from '../../src/verify/permit-bundles.js'
import { verifyBundle, type VerifyOptions } from '../../src/verify/verify-bundle.js'
import { givenServices } from '../interop/given-services.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { codeOf, givenIndex, owner, valueOf } from '../namespace/given-index.js'
import { bundleOf, colluding, LOG } from '../verify/given-bundle.js'

let given: GivenGroup
let options: VerifyOptions
beforeAll(async () => {
  given = await givenServices()
  options = { indexId: given.index.state.index, logKey: LOG.key, now: given.now() }
})
const verify = (octets: Uint8Array, more: Partial<VerifyOptions> = {}) =>
  verifyBundle(octets, { ...options, ...more })
const repeated = (text: string, times: number) => Buffer.from(text.repeat(times))

describe('octets that are no bundle', () => {
  it.each([
    ['larger than a bundle is', repeated(' ', MAX_BUNDLE_OCTETS + 1)],
    ['as deep as there is room', Buffer.concat([repeated('[', 524_287), repeated(']', 524_287)])],
    ['open lists alone', repeated('[', MAX_BUNDLE_OCTETS)],
    ['open objects', repeated('{"a":', 200_000)],
    ['one long text', Buffer.from(`"${'a'.repeat(1_000_000)}"\n`)],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 0x0a])],
    ['a number that is none', Buffer.from('{"v":NaN}\n')],
    ['a member of the prototype', Buffer.from('{"__proto__":{"v":1}}\n')],
    ['nothing', Buffer.alloc(0)],
  ])('are refused: %s', (_, octets) => {
    expect(codeOf(verify(octets))).toBe('bundle.malformed')
  })

  it('and no character of a good one can be another, but in signatures of a group that is no more', async () => {
    const good = await bundleOf(given, 'web/shop/front')
    const text = Buffer.from(good).toString()
    const signatures = [...text.matchAll(/"sig":"([^"]*)"/g)]
    const isSignature = (at: number) =>
      signatures.some(({ index, 0: whole }) => at >= index && at < index + whole.length)
    for (let at = 0; at < good.length; at += 97) {
      if (isSignature(at)) continue
      const changed = Buffer.from(good)
      changed[at] = changed[at] === 0x41 ? 0x42 : 0x41
      expect([at, verify(changed).ok]).toEqual([at, false])
    }
  })
})

describe('keys of voters that are none, in a state that the log signs', () => {
  const x = Buffer.alloc(32, 7).toString('base64url')
  // RFC 8037 appendix A.2.
  const ONE = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
  it.each([
    ['not on the curve', 'ES256', { crv: 'P-256', kty: 'EC', x, y: x }],
    ['of small order', 'Ed25519', { crv: 'Ed25519', kty: 'OKP', x: `AQ${'A'.repeat(41)}` }],
    ['of another algorithm', 'ES256', { crv: 'Ed25519', kty: 'OKP', x: ONE }],
  ] as const)('have signed nothing: %s', async (_, alg, jwk) => {
    const honest = await bundleOf(given, 'pay/api')
    const forged = (lineage: 'whole' | 'cut') =>
      colluding(
        given,
        honest,
        ({ root }) => {
          for (const { keys } of root.state.group?.voters ?? []) {
            for (const key of keys) Object.assign(key, { alg, jwk })
          }
        },
        { lineage },
      )
    expect(codeOf(verify(await forged('whole')))).toBe('bundle.not-proved')
    const trusted = verifyBundle(await forged('cut'), { ...options, trustLog: true })
    expect(codeOf(trusted)).toBe('bundle.not-proved')
  })
})

describe('an old bundle', () => {
  it('of an entry that was suspended since is refused when it is too old', async () => {
    const own = await givenServices()
    const { indexId: _indexId, ...rest } = options
    const trust = { ...rest, indexId: own.index.state.index, maxAge: seconds(3600) }
    const before = await bundleOf(own, 'pay/api')
    const front = await bundleOf(own, 'web/shop/front')
    const suspended = await own.proposed({ op: 'entry.suspend', alias: 'pay/api' })
    await own.votes(own.ann, suspended)
    const after = await bundleOf(own, 'pay/api')
    const at = (now: number) => ({ ...trust, now: unixSeconds(now) })
    const start = own.now()
    // As long as it is not too old it verifies: nothing in it says what came later.
    expect(codeOf(verifyBundle(before, at(start)))).toBe('ok')
    expect(codeOf(verifyBundle(before, at(start + 3601)))).toBe('bundle.stale')
    const [caller, callee] = [
      valueOf(verifyBundle(front, at(start))),
      valueOf(verifyBundle(after, at(start))),
    ]
    const now = unixSeconds(start)
    expect(valueOf(permitBundles(caller, callee, { port: 8080, now }))).toMatchObject({
      allowed: false,
      condition: 'inactive',
    })
    // What a program keeps in memory grows old too.
    const later = { port: 8080, now: unixSeconds(start + 3601) }
    expect(codeOf(permitBundles(caller, callee, later))).toBe('bundle.stale')
  })
})

describe('two bundles', () => {
  it('of two indexes decide nothing', async () => {
    const other = await givenIndex(
      { op: 'scope.create', alias: 'web' },
      { op: 'entry.create', alias: 'web/shop/front', owner },
    )
    const theirs = await bundleOf(other, 'web/shop/front')
    expect(codeOf(verify(theirs))).toBe('bundle.wrong-index')
    const trust = { ...options, indexId: other.index.state.index }
    const caller = valueOf(verifyBundle(theirs, trust))
    const callee = valueOf(verify(await bundleOf(given, 'pay/api')))
    const asked = { port: 8080, now: given.now() }
    expect(codeOf(permitBundles(caller, callee, asked))).toBe('bundle.wrong-index')
  })

  it('of a log that has signed two roots of one size decide nothing', async () => {
    const callee = valueOf(verify(await bundleOf(given, 'pay/api')))
    const front = await bundleOf(given, 'web/shop/front')
    const relabelled: Parameters<typeof colluding>[2] = ({ entry }) => {
      entry.state.labels = { forked: 'yes' }
    }
    const forked = await colluding(given, front, relabelled, { lineage: 'whole' })
    const caller = valueOf(verify(forked))
    const asked = { port: 8080, now: given.now() }
    expect(codeOf(permitBundles(caller, callee, asked))).toBe('tlog.inconsistent')
  })
})
