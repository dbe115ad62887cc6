import { beforeAll, describe, expect, it } from '@jest/globals'
import { unixSeconds } from '../../src/core/time.js'
import { type Bundle, parseBundle } from '../../src/verify/bundle.js'
import { isInOrderOfTime } from '../../src/verify/log-time.js'
import { givenServices } from '../interop/given-services.js'
import { codeOf, valueOf } from '../namespace/given-index.js'
import { bundleOf, type Writable } from './given-bundle.js'

let honest: Bundle

beforeAll(async () => {
  honest = valueOf(parseBundle(await bundleOf(await givenServices(), 'pay/api')))
})

const EARLIER = unixSeconds(1)
type Edit = (bundle: Writable<Bundle>) => void

describe('the time of what a bundle shows of the log', () => {
  it('never falls', () => {
    expect(isInOrderOfTime(honest).ok).toBe(true)
  })

  it.each<readonly [string, Edit]>([
    ['of the last record', ({ last }) => (last.record.ts = EARLIER)],
    ['of a change of the entry', ({ entry }) => (entry.commits.at(-1)!.record.ts = EARLIER)],
    ['of an opening', ({ entry }) => (entry.commits.at(-1)!.opened!.record.ts = EARLIER)],
    ['of a change of a scope', ({ above }) => (above[0]!.scope!.commits[0]!.record.ts = EARLIER)],
    ['of a group above', ({ root }) => (root.commits.at(-1)!.record.ts = EARLIER)],
    [
      'of a scope elsewhere',
      (bundle) => {
        bundle.elsewhere = structuredClone([bundle.above[0]!.scope!])
        bundle.elsewhere[0]!.commits[0]!.record.ts = EARLIER
      },
    ],
  ])('does not, %s', (_, edit) => {
    const bundle = structuredClone(honest) as unknown as Writable<Bundle>
    edit(bundle)
    expect(codeOf(isInOrderOfTime(bundle as unknown as Bundle))).toBe('bundle.not-proved')
  })
})
