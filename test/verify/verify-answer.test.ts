import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import { hours, minus, plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import { authorityOver } from '../../src/namespace/questions/authority.js'
import {
  formatAnswer,
  MAX_ANSWER_OCTETS,
  type ProvedAnswer,
  type Question,
} from '../../src/verify/answer.js'
import { type Bundle, parseBundle } from '../../src/verify/bundle.js'
import { makeBundle, type ShownCommits } from '../../src/verify/make-bundle.js'
import { verifyAnswer } from '../../src/verify/verify-answer.js'
import type { VerifyOptions } from '../../src/verify/verify-bundle.js'
import { givenServices } from '../interop/given-services.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { codeOf, valueOf } from '../namespace/given-index.js'
import { LOG, sourceOf } from './given-bundle.js'

let given: GivenGroup
let options: VerifyOptions
const [front, api] = ['web/shop/front' as Alias, 'pay/api' as Alias]
let bundles: Readonly<Record<'front' | 'api' | 'whole', Bundle>>

beforeAll(async () => {
  given = await givenServices()
  options = { indexId: given.index.state.index, logKey: LOG.key, now: given.now() }
  const bundle = async (alias: Alias, commits: ShownCommits): Promise<Bundle> =>
    valueOf(parseBundle(valueOf(await makeBundle(await sourceOf(given), alias, commits))))
  bundles = {
    front: await bundle(front, 'needed'),
    api: await bundle(api, 'needed'),
    whole: await bundle(api, 'all'),
  }
})

const asked = (more: Partial<Extract<Question, { ask: 'permit' }>> = {}): Question => ({
  ...{ ask: 'permit', at: given.now(), caller: front, callee: api, port: 8080 },
  ...{ route: 'GET /orders/7', ...more },
})
const verify = (question: Question, of: readonly Bundle[], more: Partial<VerifyOptions> = {}) =>
  verifyAnswer(formatAnswer({ v: 1, question, bundles: of }), { ...options, ...more })
const both = (): readonly Bundle[] => [bundles.front, bundles.api]
/** A copy that may be changed. */
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

describe('the answer to who may call whom', () => {
  it('is reckoned from the bundles, with the votes that made the rule', () => {
    const found = valueOf(verify(asked(), both()))
    if (found.ask !== 'permit') throw new Error('another question')
    expect(found.decision).toMatchObject({ allowed: true, rule: { id: 'orders' } })
    expect(found.made).toMatchObject({ op: 'rule.attach', recount: { counted: 'again' } })
    const no = valueOf(verify(asked({ route: 'PUT /orders/7' }), both()))
    expect(no).toMatchObject({ decision: { allowed: false, condition: 'route' }, made: undefined })
    const { route: _route, ...bare } = asked() as Extract<Question, { ask: 'permit' }>
    expect(valueOf(verify(bare, both()))).toMatchObject({ decision: { allowed: false } })
  })

  it('is of these two, in this order (attack 157)', () => {
    for (const [question, of] of [
      [asked(), [bundles.api, bundles.front]],
      [asked({ caller: api, callee: front }), both()],
      [asked({ callee: 'pay/other' as Alias }), both()],
      [asked(), [bundles.front]],
      [asked(), [bundles.api]],
      [{ ask: 'log', alias: api }, both()],
    ] as const) {
      expect(codeOf(verify(question, of))).toBe('bundle.not-proved')
    }
  })

  it('is of a time that the bundles say something about (attack 156)', () => {
    const { ts } = bundles.api.last.record
    expect(codeOf(verify(asked({ at: ts }), both()))).toBe('ok')
    expect(codeOf(verify(asked({ at: minus(ts, seconds(1)) }), both()))).toBe('bundle.not-proved')
    const later = plus(given.now(), hours(1))
    expect(codeOf(verify(asked({ at: later }), both()))).toBe('bundle.stale')
    expect(codeOf(verify(asked({ at: later }), both(), { now: later }))).toBe('ok')
    const aged = { now: later, maxAge: seconds(60) }
    expect(codeOf(verify(asked(), both(), aged))).toBe('bundle.stale')
  })

  it('is of one state, and not of two that never were together (attack 156)', async () => {
    const later = await givenServices()
    const bundleOf = async (alias: Alias): Promise<Bundle> =>
      valueOf(parseBundle(valueOf(await makeBundle(await sourceOf(later), alias, 'needed'))))
    const before = [await bundleOf(front), await bundleOf(api)]
    const suspension = await later.proposed({ op: 'entry.suspend', alias: front })
    await later.votes(later.ann, suspension)
    const after = [await bundleOf(front), await bundleOf(api)]
    const at = later.now()
    const told = (of: readonly (Bundle | undefined)[]): unknown => {
      const answer = formatAnswer({ v: 1, question: asked({ at }), bundles: of as Bundle[] })
      const indexId = later.index.state.index
      const found = verifyAnswer(answer, { ...options, indexId, now: at })
      if (!found.ok) return found.refusal.code
      return found.value.ask === 'permit' && found.value.decision.allowed
    }
    expect(told(before)).toBe(true)
    expect(told(after)).toBe(false)
    expect(told([before[0], after[1]])).toBe('bundle.not-proved')
    expect(told([after[0], before[1]])).toBe('bundle.not-proved')
  })

  it('is of a request that can be read in one way', () => {
    for (const more of [
      { route: 'GET /a//b' },
      { route: 'GET' },
      { headers: ['no colon'] },
      { headers: ['a: 1', 'A: 2'] },
    ]) {
      expect(codeOf(verify(asked(more), both()))).toBe('namespace.malformed')
    }
    const { route: _route, ...bare } = asked({ headers: ['a: 1'] }) as Extract<
      Question,
      { ask: 'permit' }
    >
    expect(codeOf(verify(bare, both()))).toBe('bundle.not-proved')
  })

  it('does not hold once anything in it is another', () => {
    const good = formatAnswer({ v: 1, question: asked(), bundles: both() })
    const answer = JSON.parse(Buffer.from(good).toString()) as ProvedAnswer
    const tampered: ((bundle: Bundle) => void)[] = [
      ({ entry }) => Object.assign(entry.state.rules[0] ?? {}, { ports: [[1, 65_535]] }),
      ({ entry }) => Object.assign(entry.state, { rules: [] }),
      ({ entry }) => Object.assign(entry.state, { state: 'suspended' }),
      ({ root }) => Object.assign(root.state, { guards: [] }),
      ({ entry }) => Object.assign(entry.commits[0]?.record ?? {}, { ts: 1 }),
      ({ entry }) => Object.assign(entry.commits.at(-1)?.envelopes[0] ?? {}, { payload: 'AA==' }),
      (bundle) => Object.assign(bundle, { checkpoint: bundle.checkpoint.replace(/[0-9]/, '9') }),
      (bundle) => Object.assign(bundle, { above: [] }),
    ]
    for (const [at, change] of tampered.entries()) {
      for (const side of [0, 1]) {
        const other = copy(answer)
        const bundle = other.bundles[side]
        if (!bundle) throw new Error('no bundle')
        const before = canonicalize(bundle)
        change(bundle)
        if (canonicalize(bundle) === before) continue
        expect([at, side, verifyAnswer(formatAnswer(other), options).ok]).toEqual([at, side, false])
      }
    }
  })
})

describe('the history of an entry', () => {
  const question = { ask: 'log', alias: api } as const

  it('is every change of it, the first one first', () => {
    const found = valueOf(verify(question, [bundles.whole]))
    if (found.ask !== 'log') throw new Error('another question')
    const { rev } = bundles.whole.entry.state
    expect(found.commits.map((commit) => commit.rev)).toEqual(
      Array.from({ length: rev }, (_, before) => before + 1),
    )
    expect(found.commits[0]?.op).toBe('entry.create')
    expect(rev).toBeGreaterThan(2)
  })

  it('has no gap, at the beginning or between (attack 155)', () => {
    for (let gone = 0; gone < bundles.whole.entry.commits.length; gone += 1) {
      const other = copy(bundles.whole)
      ;(other.entry.commits as unknown[]).splice(gone, 1)
      // Also to whom the log is trusted with what is not shown.
      const found = codeOf(verify(question, [other], { trustLog: true }))
      expect([gone, found]).toEqual([gone, 'bundle.not-proved'])
    }
    expect(codeOf(verify({ ask: 'log', alias: front }, [bundles.whole]))).toBe('bundle.not-proved')
  })
})

describe('who may change an entry', () => {
  it('follows from the scopes above it, as the server says it', () => {
    for (const op of [undefined, 'rule.attach', 'entry.rename', 'envelope.set'] as const) {
      const question = { ask: 'authority', alias: api, ...(op && { op }) } as const
      const found = valueOf(verify(question, [bundles.api]))
      if (found.ask !== 'authority') throw new Error('another question')
      const wanted = valueOf(authorityOver(given.index.state, api, op))
      expect(canonicalize(found.authority)).toBe(canonicalize(wanted))
    }
    const other = { ask: 'authority', alias: front } as const
    expect(codeOf(verify(other, [bundles.api]))).toBe('bundle.not-proved')
  })
})

describe('octets that are no answer', () => {
  const of = (change: (answer: Record<string, unknown>) => void): Uint8Array => {
    const answer = copy({ v: 1, question: asked(), bundles: both() }) as Record<string, unknown>
    change(answer)
    return Buffer.from(`${canonicalize(answer as never)}\n`)
  }
  it.each([
    ['larger than one is', () => Buffer.alloc(MAX_ANSWER_OCTETS + 1, 0x20)],
    ['nothing', () => Buffer.alloc(0)],
    ['without its line feed', () => of(() => undefined).subarray(0, -1)],
    ['another version', () => of((one) => (one['v'] = 2))],
    ['a member more', () => of((one) => (one['answer'] = { allowed: true }))],
    ['no bundles', () => of((one) => (one['bundles'] = []))],
    ['another question', () => of((one) => (one['question'] = { ask: 'reach', alias: api }))],
    [
      'a question with an answer',
      () => of((one) => (one['question'] = { ...asked(), allowed: true })),
    ],
    ['no port', () => of((one) => (one['question'] = { ...asked(), port: 0 }))],
    [
      'spaces in it',
      () =>
        Buffer.from(
          of(() => undefined)
            .toString()
            .replace('{', '{ '),
        ),
    ],
  ] as const)('are refused: %s', (_, octets) => {
    expect(codeOf(verifyAnswer(octets(), options))).toBe('bundle.malformed')
  })

  it('are looked at by another index, and another key', () => {
    const octets = of(() => undefined)
    const otherIndex = { ...options, indexId: '0'.repeat(64) }
    expect(codeOf(verifyAnswer(octets, otherIndex))).toBe('bundle.wrong-index')
    const at: UnixSeconds = given.now()
    expect(codeOf(verifyAnswer(octets, { ...options, now: at }))).toBe('ok')
  })
})
