import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Bundle } from '../../src/verify/bundle.js'
import { type VerifyOptions, verifyBundle } from '../../src/verify/verify-bundle.js'
import {
  fewerVotes,
  givenNarrowed,
  givenOwned,
  givenReweighed,
  givenUsedAndNarrowed,
  narrowedFromNothing,
  withoutWhatWasBefore,
} from '../interop/class-vectors.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { codeOf, givenIndex, owner, valueOf } from '../namespace/given-index.js'
import { bundleOf, colluding, edited, LOG, type Writable } from './given-bundle.js'

type Given = Pick<GivenGroup, 'index'> & Parameters<typeof bundleOf>[0]

const verify = (
  { index: { state } }: Given,
  octets: Uint8Array,
  more: Partial<VerifyOptions> = {},
) => verifyBundle(octets, { indexId: state.index, logKey: LOG.key, now: state.at, ...more })

const lie = (given: Given, octets: Uint8Array, edit: (bundle: Writable<Bundle>) => void) =>
  colluding(given, octets, edit, { lineage: 'whole' })

const opsOf = (given: Given, octets: Uint8Array) => {
  const { entry, commits } = valueOf(verify(given, octets))
  return commits.flatMap(({ subject, op, rev, voters, classBy }) =>
    subject.uid === entry.uid ? [[rev, op, voters.length, ...(classBy ? [classBy] : [])]] : [],
  )
}

describe('a bundle of a rule that was narrowed', () => {
  let given: GivenGroup
  let api: Uint8Array
  beforeAll(async () => {
    given = await givenNarrowed()
    api = await bundleOf(given, 'pay/api')
  })

  it('shows what it was when more than one voter decided, and nothing between', () => {
    expect(opsOf(given, api)).toEqual([
      [2, 'rule.attach', 2],
      [3, 'rule.attach', 2],
      [5, 'rule.replace', 1],
    ])
  })

  it('is not counted without that, but by whom the log is trusted', () => {
    const cut = edited(api, withoutWhatWasBefore)
    expect(codeOf(verify(given, cut))).toBe('bundle.not-counted')
    const found = valueOf(verify(given, cut, { trustLog: true }))
    expect(found.groupsBy).toBe('log')
    expect(found.commits.find(({ rev }) => rev === 5)).toMatchObject({ classBy: 'log' })
  })

  it('is taken without that where the votes are enough for any class of it', async () => {
    const request = { id: 'any', callers: [{ subtree: '' }], ports: [80] }
    const solo = await givenIndex(
      { op: 'entry.create', alias: 'api', owner },
      { op: 'rule.attach', alias: 'api', rule: request },
      { op: 'rule.replace', alias: 'api', rule: { ...request, until: '2027-01-01T00:00:00Z' } },
    )
    const cut = edited(await bundleOf(solo, 'api'), withoutWhatWasBefore)
    expect(opsOf(solo, cut)).toEqual([[3, 'rule.replace', 1]])
    expect(valueOf(verify(solo, cut)).groupsBy).toBe('genesis')
  })

  it('shows the use of a grant that made it, where one did', async () => {
    const used = await givenUsedAndNarrowed()
    expect(opsOf(used, await bundleOf(used, 'pay/api')).slice(-2)).toEqual([
      [4, 'emergency.invoke', 2],
      [5, 'rule.replace', 1],
    ])
  })
})

describe('attack 303: one voter and the holder of the log key call a wider change a lighter one', () => {
  it('says that a rule was narrowed, which was widened', async () => {
    const given = await givenNarrowed('wider')
    const api = await bundleOf(given, 'pay/api')
    expect(verify(given, api).ok).toBe(true)
    const all = await bundleOf(given, 'pay/api', { commits: 'all' })
    const octets = await lie(given, all, fewerVotes('narrowing'))
    expect(codeOf(verify(given, octets))).toBe('bundle.not-proved')
    expect(codeOf(verify(given, octets, { trustLog: true }))).toBe('bundle.not-proved')
  })

  it('leaves out what it was before', async () => {
    const given = await givenNarrowed('wider')
    const octets = await lie(given, await bundleOf(given, 'pay/api'), fewerVotes('narrowing'))
    expect(codeOf(verify(given, octets))).toBe('bundle.not-counted')
  })

  it('says that a split was weighed anew, which got another backend', async () => {
    const given = await givenReweighed('elsewhere')
    const all = await bundleOf(given, 'pay/api', { commits: 'all' })
    const octets = await lie(given, all, fewerVotes('routine'))
    expect(codeOf(verify(given, octets))).toBe('bundle.not-proved')
    const alone = await lie(given, await bundleOf(given, 'pay/api'), fewerVotes('routine'))
    expect(codeOf(verify(given, alone))).toBe('bundle.not-counted')
  })

  it('goes on from what only it calls narrower', async () => {
    const given = await givenNarrowed('wider', 'narrower')
    const all = await bundleOf(given, 'pay/api', { commits: 'all' })
    const octets = await lie(given, all, narrowedFromNothing)
    expect(codeOf(verify(given, octets))).toBe('bundle.not-counted')
  })

  it('says that another owner is a routine matter', async () => {
    const given = await givenOwned()
    const octets = await lie(given, await bundleOf(given, 'pay/api'), fewerVotes('routine'))
    expect(codeOf(verify(given, octets))).toBe('bundle.not-proved')
  })
})
