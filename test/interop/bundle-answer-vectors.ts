import type { Alias } from '../../src/core/alias.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import { hours, minus, plus, seconds } from '../../src/core/time.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { formatAnswer, type Question } from '../../src/verify/answer.js'
import { type Bundle, parseBundle } from '../../src/verify/bundle.js'
import { makeBundle, type ShownCommits } from '../../src/verify/make-bundle.js'
import { groupBelow } from '../namespace/given-group.js'
import { valueOf } from '../namespace/given-index.js'
import { TestVoter } from '../support/voters.js'
import { LOG, sourceOf } from '../verify/given-bundle.js'
import { type BundleTrust, spliced } from './bundle-vector.js'
import { givenServices } from './given-services.js'

/** A file of an answer with bundles, and the answer that follows from it. */
export interface BundleAnswerVector {
  readonly what: string
  /** One of `files`, of whose characters `drop` from `at` on are `put` instead. */
  readonly file: string
  readonly at: number
  readonly drop: number
  readonly put: string
  readonly trust: BundleTrust
  /**
   * Of `permit` as decision.json has it; of `log` the operation of each revision; of `authority` the
   * scope that decides, and the revision of its group.
   */
  readonly answer?: unknown
  readonly refused?: string
}

export interface BundleAnswerVectors {
  readonly files: Readonly<Record<string, string>>
  readonly vectors: readonly BundleAnswerVector[]
}

const [front, api] = ['web/shop/front' as Alias, 'pay/api' as Alias]
type Asked = Extract<Question, { ask: 'permit' }>

export async function makeBundleAnswerVectors(): Promise<BundleAnswerVectors> {
  const given = await givenServices()
  const bundle = async (alias: Alias, commits: ShownCommits = 'needed'): Promise<Bundle> =>
    valueOf(parseBundle(valueOf(await makeBundle(await sourceOf(given), alias, commits))))
  const before = await bundle(front)
  await groupBelow(
    given,
    'pay',
    ['p1', 'p2', 'p3'].map((id) => new TestVoter(id)),
  )
  const both = [await bundle(front), await bundle(api)] as const
  const whole = await bundle(api, 'all')
  const now = given.now()
  const trust = { index: given.index.state.index, key: formatVerifierKey(LOG.key), now }
  const files: Record<string, string> = {}
  const vectors: BundleAnswerVector[] = []
  const text = (question: Question, bundles: readonly Bundle[]): string =>
    Buffer.from(formatAnswer({ v: 1, question, bundles })).toString()
  const add = (
    what: string,
    file: string,
    said: Pick<BundleAnswerVector, 'answer' | 'refused'>,
    more: Partial<BundleTrust> = {},
  ): void => {
    if (Object.keys(files).length === 0) throw new Error('no file yet')
    const { bundle: of, ...change } = spliced(files, file)
    vectors.push({ what, file: of, ...change, trust: { ...trust, ...more }, ...said })
  }
  const asked = (more: Partial<Asked> = {}): Asked => ({
    ...{ ask: 'permit', at: now, caller: front, callee: api, port: 8080 },
    ...{ route: 'GET /orders/7', ...more },
  })
  const good = text(asked(), both)
  const told = text({ ask: 'log', alias: api }, [whole])
  Object.assign(files, { permit: good, log: told })

  const allowed = { allowed: true, rule: { id: 'orders', rev: 2 } }
  const denied = (condition: string) => ({
    answer: { allowed: false, condition, by: { kind: 'entry', alias: api } },
  })
  add('a call that is allowed', good, { answer: allowed })
  const fields = text(asked({ headers: ['X-Team:red', 'x-tier:  1 '] }), both)
  add('with header fields', fields, { answer: allowed })
  add('a call that is denied', text(asked({ route: 'PUT /orders/7' }), both), denied('route'))
  const { route: _route, ...connection } = asked()
  add('without a route', text(connection, both), denied('route'))
  const later = plus(now, seconds(120))
  add('of a time that is nearly now', text(asked({ at: later }), both), { answer: allowed })
  const ops = { answer: { ops: ['entry.create', 'rule.attach', 'rule.attach'] } }
  add('everything that was decided about an entry', told, ops)
  const authority = (question: Question, of: Bundle): string => text(question, [of])
  const pay = { answer: { scope: 'pay', group: 1 } }
  add('who decides about an entry', authority({ ask: 'authority', alias: api }, both[1]), pay)
  const named = { ask: 'authority', alias: api, op: 'rule.attach' } as const
  add('who decides about one operation', authority(named, both[1]), pay)
  const root = { answer: { scope: '', group: given.index.state.root.group!.rev } }
  add('where the root decides', authority({ ask: 'authority', alias: front }, both[0]), root)

  const refuses = (
    what: string,
    refused: string,
    file: string,
    more: Partial<BundleTrust> = {},
  ): void => add(what, file, { refused }, more)
  const notProved = 'bundle.not-proved'
  refuses('the bundles the other way round', notProved, text(asked(), [both[1], both[0]]))
  refuses('a question about others', notProved, text(asked({ callee: 'pay/other' as Alias }), both))
  refuses('one bundle for two', notProved, text(asked(), [both[1]]))
  refuses('two bundles for one', notProved, text({ ask: 'log', alias: api }, [...both]))
  refuses('bundles of two checkpoints', notProved, text(asked(), [before, both[1]]))
  const early = minus(both[1].last.record.ts, seconds(1))
  refuses('of a time before the bundles', notProved, text(asked({ at: early }), both))
  const ahead = plus(now, seconds(121))
  refuses('of a time that has not come', 'bundle.stale', text(asked({ at: ahead }), both))
  const old = { now: plus(now, hours(2)), maxAge: 3600 }
  refuses('bundles that are too old', 'bundle.stale', good, old)
  const bad = 'namespace.malformed'
  refuses('a route that can be read in two ways', bad, text(asked({ route: 'GET /a//b' }), both))
  refuses('a route with two spaces', bad, text(asked({ route: 'GET  /orders' }), both))
  refuses('a header field without a colon', bad, text(asked({ headers: ['x-team'] }), both))
  refuses('a header field twice', bad, text(asked({ headers: ['a: 1', 'A: 2'] }), both))
  const lone = text({ ...connection, headers: ['x-team: red'] }, both)
  refuses('header fields without a route', notProved, lone)
  refuses('a history of another', notProved, text({ ask: 'log', alias: front }, [whole]))
  const gap = { ...whole, entry: { ...whole.entry, commits: whole.entry.commits.slice(1) } }
  refuses('a history without its first change', notProved, text({ ask: 'log', alias: api }, [gap]))
  const other = { ask: 'authority', alias: front } as const
  refuses('the authority over another', notProved, authority(other, both[1]))
  refuses('another index is meant', 'bundle.wrong-index', good, { index: '0'.repeat(64) })
  const malformed = (what: string, file: string): void => refuses(what, 'bundle.malformed', file)
  malformed('another version', good.replace(/"v":1\}\n$/, '"v":2}\n'))
  malformed('a member that nobody knows', good.replace(/"v":1\}\n$/, '"v":1,"w":1}\n'))
  malformed('a question that nobody knows', good.replace('"ask":"permit"', '"ask":"forbid"'))
  malformed('a port that is none', good.replace('"port":8080,"route"', '"port":0,"route"'))
  malformed(
    'an operation that is none',
    authority({ ...named, op: 'rule.attach' }, both[1]).replace(
      '"op":"rule.attach"}',
      '"op":"rule.widen"}',
    ),
  )
  malformed('no bundle', `${canonicalize({ v: 1, question: asked(), bundles: [] })}\n`)
  malformed('white space', good.replace('{', '{ '))
  malformed('no line feed at the end', good.slice(0, -1))
  malformed('nothing', '')
  return { files, vectors }
}
