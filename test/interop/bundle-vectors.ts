import { type UnixSeconds, unixSeconds } from '../../src/core/time.js'
import { sha256 } from '../../src/core/uid.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { logSigner, seededSigner, witnessSigner } from '../support/note-signers.js'
import {
  bundleOf,
  colluding,
  edited,
  LOG,
  mapOf,
  type Signing,
  type Writable,
} from '../verify/given-bundle.js'
import { addBrakeVectors } from './brake-vectors.js'
import {
  type BundleTrust,
  type BundleVector,
  type BundleVectors,
  spliced,
} from './bundle-vector.js'
import { addEmergencyVectors } from './emergency-vectors.js'
import { givenServices } from './given-services.js'
import { decidedAt } from './other-group.js'
import { addLineageVectors } from './lineage-vectors.js'
import { addLogKeyVectors } from './log-key-vectors.js'
import { addRecoveryLies } from './recovery-lies.js'
import { addRecoveryVectors } from './recovery-vectors.js'
import { addClassVectors } from './class-vectors.js'
import { addSplitVectors } from './split-vectors.js'
import { addTimeVectors } from './time-vectors.js'
import { addTogetherVectors } from './together-vectors.js'
import { ReferenceMap } from '../support/reference-map.js'

export type { BundleTrust, BundleVectors } from './bundle-vector.js'

const WITNESSES = ['w1.example', 'w2.example', 'w3.example'].map(witnessSigner)
const POLICY = [
  ...WITNESSES.map(({ key }, at) => `witness w${at + 1} ${formatVerifierKey(key)}`),
  'group q 2 w1 w2 w3',
  'quorum q',
  '',
].join('\n')

type Edit = (bundle: Writable<Bundle>) => void

export async function makeBundleVectors(): Promise<BundleVectors> {
  const given = await givenServices()
  const { state } = given.index
  const now = given.now()
  const trust = { index: state.index, key: formatVerifierKey(LOG.key), now }
  const bundles: Record<string, string> = {}
  const vectors: BundleVector[] = []
  const text = (octets: Uint8Array) => Buffer.from(octets).toString('utf8')
  const add = (
    what: string,
    octets: Uint8Array | string,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
    more: Partial<BundleTrust> = {},
  ) => {
    const changed = typeof octets === 'string' ? octets : text(octets)
    vectors.push({ what, ...spliced(bundles, changed), trust: { ...trust, ...more }, ...verdict })
  }
  const api = await bundleOf(given, 'pay/api')
  const front = await bundleOf(given, 'web/shop/front')
  const at = (ago: number) => unixSeconds(now - ago)
  const signedBy = (...times: readonly UnixSeconds[]): Signing => ({
    witnesses: times.map((time, place) => [WITNESSES[place]!, time]),
  })
  const witnessed = await bundleOf(given, 'pay/api', signedBy(at(10), at(500)))
  Object.assign(bundles, { api: text(api), front: text(front), witnessed: text(witnessed) })

  const entry = given.entry('pay/api').uid
  const quorum = { policy: POLICY, maxAge: 600 }
  add('an entry with a rule that voters made', api, { entry })
  add('an entry that one voter made', front, { entry: given.entry('web/shop/front').uid })
  add('not too old by its last record', api, { entry }, { maxAge: 60, now: now + 60 })
  add('not too old by a quorum of witnesses', witnessed, { entry }, { ...quorum, now: now + 100 })
  const ofLog = (log: string) => ({ ...quorum, policy: `log ${log}\n${POLICY}`, now: now + 100 })
  add('a policy that lists the log', witnessed, { entry }, ofLog(trust.key))
  const otherLog = logSigner('acme.example/other')
  const otherKey = formatVerifierKey(otherLog.key)
  add(
    'a policy that lists another log',
    witnessed,
    { refused: 'tlog.unknown-log' },
    ofLog(otherKey),
  )
  const remark = { ...quorum, policy: `# not: quorum none\n${POLICY}` }
  add('a policy with a remark on another', witnessed, { entry }, { ...remark, now: now + 100 })
  add(
    'too old by a policy with a remark on another',
    witnessed,
    { refused: 'bundle.stale' },
    {
      ...remark,
      now: now + 101,
    },
  )
  const nobody = POLICY.replace('quorum q', 'quorum  none')
  add('a policy that wants no witness', witnessed, { entry }, { policy: nobody, maxAge: 600 })
  add(
    'too old by its last record, where no witness is wanted',
    witnessed,
    { refused: 'bundle.stale' },
    { policy: nobody, maxAge: 600, now: now + 601 },
  )
  const again = await bundleOf(given, 'pay/api', {
    witnesses: [
      [WITNESSES[0]!, at(500)],
      [WITNESSES[1]!, at(500)],
      [WITNESSES[0]!, at(0)],
      [WITNESSES[1]!, at(10)],
    ],
  })
  add('witnesses that have signed twice', again, { entry }, { ...quorum, now: now + 590 })
  add(
    'too old for the latest of what witnesses signed',
    again,
    { refused: 'bundle.stale' },
    {
      ...quorum,
      now: now + 591,
    },
  )
  const fast = await bundleOf(given, 'pay/api', signedBy(at(-121), at(10)))
  const any = POLICY.replace('group q 2', 'group q any')
  add('one witness whose clock is ahead', fast, { entry }, { policy: any, maxAge: 600 })

  const bad = (
    what: string,
    code: string,
    edit: Edit,
    of = api,
    more: Partial<BundleTrust> = {},
  ) => {
    add(what, edited(of, edit), { refused: code }, more)
  }
  const lies = async (what: string, code: string, edit: Edit, signing: Signing = {}) => {
    const cut = await colluding(given, api, edit, signing)
    add(what, cut, { refused: code }, { trustLog: true })
    const whole = await colluding(given, api, edit, { ...signing, lineage: 'whole' })
    add(`${what}, with the lineage of its scopes`, whole, { refused: code })
  }
  const notProved = 'bundle.not-proved'

  add('another index is meant', api, { refused: 'bundle.wrong-index' }, { index: '0'.repeat(64) })
  const otherIndex = 'f'.repeat(64)
  bad('it says another index', notProved, (bundle) => (bundle.index = otherIndex), api, {
    index: otherIndex,
  })
  add('another log', api, { refused: 'tlog.unknown-log' }, { key: otherKey })
  const sameName = formatVerifierKey(
    seededSigner(LOG.key.name, LOG.key.type, sha256('another')).key,
  )
  add('another key of the same name', api, { refused: 'tlog.unknown-key' }, { key: sameName })
  const foreign = await bundleOf(given, 'pay/api', { origin: 'evil.example/index' })
  add('a checkpoint of another origin', foreign, { refused: 'tlog.unknown-log' })
  bad('a checkpoint with another size', 'tlog.bad-signature', (bundle) => {
    bundle.checkpoint = bundle.checkpoint.replace(/\n\d+\n/, '\n1\n')
  })
  const stateless = await bundleOf(given, 'pay/api').then((octets) =>
    colluding(given, octets, () => undefined, { extensions: [] }),
  )
  add('a checkpoint without a state', stateless, { refused: notProved })
  const twice = { extensions: [1, 2].map(() => `state ${base64(mapOf(state).root)}`) }
  await lies('a checkpoint with two states', 'tlog.malformed', () => undefined, twice)

  bad(
    'a wider rule',
    notProved,
    ({ entry: { state: one } }) => (one.rules[0]!.ports = [[1, 65_535]]),
  )
  bad('no guard', notProved, ({ above }) => delete above[0]!.scope!.state.guards)
  bad('a scope left out', notProved, ({ above }) => delete above[0]!.scope)
  bad('a scope and its alias left out', notProved, (bundle) => (bundle.above = []))
  bad('an alias above that is not shown', notProved, ({ above }) => above.pop(), front)
  bad('the alias of a scope, of another', notProved, (bundle) => {
    bundle.above[0]!.proof = bundle.alias
  })
  bad('proofs exchanged', notProved, (bundle) => {
    ;[bundle.entry.proof, bundle.root.proof] = [bundle.root.proof, bundle.entry.proof]
  })
  bad('the entry of another bundle', notProved, (bundle) => {
    bundle.entry = (JSON.parse(text(front)) as Writable<Bundle>).entry
  })
  bad('a record of another place', notProved, ({ entry: { commits } }) => {
    commits[1]!.path = commits[0]!.path
  })
  bad('no record that made it', notProved, ({ entry: { commits } }) => commits.pop())
  bad('records in another order', notProved, ({ entry: { commits } }) => commits.reverse())
  bad('an older last record', notProved, (bundle) => {
    const { record, path } = bundle.root.commits[0]!
    bundle.last = { record, path }
  })
  bad('a vote missing', notProved, ({ entry: { commits } }) => commits[0]!.envelopes.pop())
  bad('a vote in the place of another', notProved, ({ entry: { commits } }) => {
    const { envelopes } = commits[0]!
    envelopes[2] = envelopes[1]!
  })
  bad('a vote with another signature', notProved, ({ entry: { commits } }) => {
    const [, vote, other] = commits[0]!.envelopes
    vote!.signatures = other!.signatures
  })
  bad('another proposal', notProved, ({ entry: { commits } }) => {
    commits[0]!.envelopes[0] = commits[1]?.envelopes[0] ?? commits[0]!.envelopes[1]!
  })
  bad('no record of the opening', notProved, ({ entry: { commits } }) => delete commits[0]!.opened)

  await lies('a log that leaves a vote out', 'bundle.no-quorum', ({ entry: { commits } }) => {
    commits[0]!.record.votes.pop()
    commits[0]!.envelopes.pop()
  })
  await lies('a log that counts a vote twice', notProved, ({ entry: { commits } }) => {
    const { record, envelopes } = commits[0]!
    record.votes[1] = record.votes[0]!
    envelopes[2] = envelopes[1]!
  })
  await lies('a log that takes the votes on another change', notProved, (bundle) => {
    const { record, envelopes } = bundle.entry.commits[0]!
    const { record: guarded, envelopes: others } = bundle.above[0]!.scope!.commits[0]!
    record.votes = guarded.votes
    envelopes.splice(1, 2, ...others.slice(1))
  })
  await lies('a log with a wider rule than was voted', notProved, ({ entry: { state: one } }) => {
    one.rules[0]!.ports = [[1, 65_535]]
  })
  await lies('a log without the rule that was voted', notProved, ({ entry: { state: one } }) => {
    one.rules = []
  })
  await lies('a log with another record of the opening', notProved, ({ entry: { commits } }) => {
    const { record } = commits[0]!.opened!
    record.ts = unixSeconds(record.ts + 1)
  })
  await lies('a log that asks fewer voters', notProved, ({ entry: { commits } }) => {
    commits[0]!.record.class = 'narrowing'
  })
  const { rev } = state.root.group!
  await lies('a log in which a group decided that never was', notProved, ({ entry: { commits } }) =>
    decidedAt(commits[0]!, rev + 1),
  )
  await lies('a log in which a group decided that was over', notProved, ({ entry: { commits } }) =>
    decidedAt(commits[0]!, rev - 1),
  )
  await lies(
    'an entry with a member that nobody knows',
    'bundle.malformed',
    ({ entry: { state: one } }) => {
      Object.assign(one, { forbids: 'everything' })
    },
  )
  const alias = (holder: string | null) => mapOf(state, [], { 'pay/api': holder })
  await lies('an alias that another entry has', notProved, () => undefined, {
    map: alias(given.entry('web/shop/front').uid),
  })
  await lies('an alias that nobody has', notProved, () => undefined, { map: alias(null) })
  await lies('an empty state', notProved, () => undefined, { map: new ReferenceMap([]) })

  const stale = { refused: 'bundle.stale' }
  add('too old by its last record', api, stale, { maxAge: 60, now: now + 61 })
  add('of a time that has not come', api, stale, { maxAge: 60, now: now - 121 })
  const alone = await bundleOf(given, 'pay/api', signedBy(at(0), at(601), at(601)))
  add('too old for all witnesses but one', alone, stale, quorum)
  const ahead = await bundleOf(given, 'pay/api', signedBy(at(-121), at(-500), at(0)))
  add('of a time that has not come, by all but too few', ahead, stale, quorum)
  const one = await bundleOf(given, 'pay/api', signedBy(at(0)))
  add('too few witnesses', one, { refused: 'tlog.no-quorum' }, quorum)

  const malformed = { refused: 'bundle.malformed' }
  const good = text(api)
  add('a member twice', good.replace('"v":1}\n', '"v":1,"v":1}\n'), malformed)
  add('a member that nobody knows', good.replace('"v":1}\n', '"v":1,"w":1}\n'), malformed)
  add('another version', good.replace('"v":1}\n', '"v":2}\n'), malformed)
  add('white space', good.replace('{', '{ '), malformed)
  add('a number of another spelling', good.replace('"v":1}\n', '"v":1.0}\n'), malformed)
  add('no line feed at the end', good.slice(0, -1), malformed)
  add('something after it', `${good}\n`, malformed)
  add('cut short', good.slice(0, 1000), malformed)
  add('a list', '[]\n', malformed)
  add('nothing', '', malformed)
  add('a member that is missing', good.replace(/"index":"[0-9a-f]+",/, ''), malformed)
  add('40 lists in each other', `${'['.repeat(40)}${']'.repeat(40)}\n`, malformed)
  await addLineageVectors(bundles, vectors)
  await addBrakeVectors(bundles, vectors)
  await addRecoveryVectors(bundles, vectors)
  await addRecoveryLies(bundles, vectors)
  await addEmergencyVectors(bundles, vectors)
  await addSplitVectors(bundles, vectors)
  await addClassVectors(bundles, vectors)
  await addTimeVectors(bundles, vectors)
  await addTogetherVectors(bundles, vectors)
  await addLogKeyVectors(bundles, vectors)
  return { bundles, vectors }
}

const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64')
