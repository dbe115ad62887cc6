import { days, hours, plus, seconds, unixSeconds } from '../../src/core/time.js'
import { open } from '../../src/namespace/dsse.js'
import type { InvocationStatement } from '../../src/namespace/emergency/emergency-statements.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { valueOf } from '../namespace/given-index.js'
import {
  type AskedUse,
  type GivenEmergency,
  invocationBy,
  signedInvocation,
} from '../namespace/given-emergency.js'
import { brakeBy } from '../namespace/given-brake.js'
import { TestVoter } from '../support/voters.js'
import { bundleOf, colluding, LOG, type Writable } from '../verify/given-bundle.js'
import { type BundleVector, spliced, trusting } from './bundle-vector.js'
import { decidedAt } from './other-group.js'
import { givenServices } from './given-services.js'

/** The two services, with grants for incidents of `pay`, one of which was used. */
export async function givenUsed(
  asked: Omit<AskedUse, 'alias'>,
  before: (given: GivenEmergency) => Promise<unknown> = () => Promise.resolve(),
): Promise<GivenEmergency> {
  const services = await givenServices()
  const { index, at, root } = services.index.state
  const [h1, h2] = [new TestVoter('h1'), new TestVoter('h2', 'ES256')]
  const holders = [h1, h2].map((one) => {
    const { id, controller } = one
    return { id, controller, keys: [one.key(index, at, one, 'emergency')] }
  })
  const { rev: _rev, ...group } = root.group!
  const terms = {
    under: 'pay' as never,
    longest: hours(2),
    coolDown: hours(1),
    uses: 3,
  }
  const grants = [
    {
      ...terms,
      name: 'oncall',
      acts: ['allow', 'reactivate'] as const,
      who: ['ann', 'h1', 'h2'],
      threshold: 2,
    },
  ]
  await services.agreed({
    op: 'group.set',
    alias: '',
    group: { ...group, emergency: { holders, grants } },
  })
  const given = { ...services, h1, h2 }
  await before(given)
  const call = {
    caller: given.entry('web/shop/front').uid,
    ports: [[8080, 8080]] as const,
    proto: 'http' as const,
    routes: [{ method: 'GET' as const, path: { prefix: '/refunds' } }],
  }
  const use = { ...asked, alias: 'pay/api', caller: 'web/shop/front' }
  const more = asked.act === 'allow' ? { call } : {}
  valueOf(await given.index.invokeEmergency(invocationBy(given, [given.ann, h1], use, more)))
  return given
}

const suspends = async (given: GivenEmergency): Promise<unknown> =>
  given.votes(given.bob, await given.proposed({ op: 'entry.suspend', alias: 'pay/api' }))

/** The use that the last commit is of says something else, and is signed so. */
function signAnew(
  { entry: { commits } }: Writable<Bundle>,
  by: readonly TestVoter[],
  more: (statement: InvocationStatement) => Partial<InvocationStatement>,
): void {
  const commit = commits.at(-1)!
  const payload = Buffer.from(commit.envelopes[0]!.payload, 'base64').toString('utf8')
  const signed = JSON.parse(payload) as InvocationStatement
  const ids = by.map(({ id }) => id).sort()
  const envelopes = signedInvocation(by, { ...signed, by: ids, ...more(signed) })
  commit.envelopes = envelopes.map((one) => JSON.parse(Buffer.from(one).toString('utf8')) as never)
  commit.record.prop = open(envelopes[0]!)!.digest
}

/** One voter detaches a rule, once the use is over, on which another has put a brake. */
async function detachesBraked(given: GivenEmergency): Promise<void> {
  given.clock.set(plus(given.now(), hours(1)))
  const { state } = given.index
  const on = { alias: 'pay/api', rule: 'orders' }
  valueOf(await given.index.submitBrake(brakeBy(state, [given.bob], on, { at: given.now() })))
  const detach = { op: 'rule.detach', alias: 'pay/api', rule: 'orders' } as const
  await given.votes(given.ann, await given.proposed(detach))
}

/** Of indexes of their own, so that the bundles before stay what they are. */
export async function addEmergencyVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  await addUse(bundles, vectors, 'allowed', await givenUsed({ act: 'allow' }))
  await addUse(bundles, vectors, 'let-go', await givenUsed({ act: 'reactivate' }, suspends))
  const changed = await givenUsed({ act: 'reactivate' }, suspends)
  await changed.agreed({
    op: 'entry.update',
    alias: 'pay/api',
    labels: { tier: 'one' },
  })
  await addUse(bundles, vectors, 'changed-since', changed)
  const held = await givenUsed({ act: 'allow' })
  await detachesBraked(held)
  await addUse(bundles, vectors, 'held', held)
}

async function addUse(
  bundles: Record<string, string>,
  vectors: BundleVector[],
  name: 'allowed' | 'let-go' | 'changed-since' | 'held',
  given: GivenEmergency,
): Promise<void> {
  const trust = {
    index: given.index.state.index,
    key: formatVerifierKey(LOG.key),
    now: given.now(),
  }
  const used = await bundleOf(given, 'pay/api')
  bundles[name] = Buffer.from(used).toString('utf8')
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
  ) => {
    const changed = Buffer.from(octets).toString('utf8')
    vectors.push({
      what,
      ...spliced(bundles, changed),
      trust: trusting(trust, changed),
      ...verdict,
    })
  }
  const notProved = 'bundle.not-proved'
  const lies = async (
    what: string,
    edit: (bundle: Writable<Bundle>) => void,
    refused = notProved,
  ): Promise<void> => add(what, await colluding(given, used, edit), { refused })
  const entry = given.entry('pay/api').uid
  const ruleOf = ({ entry: { state } }: Writable<Bundle>) =>
    state.rules.find((rule) => rule.emergency)!

  if (name === 'held') {
    add('an entry from which a rule was detached that had a brake', used, { entry })
    return
  }
  if (name === 'changed-since') {
    add('an entry that a grant reactivates, and that changed since', used, { entry })
    const useOf = ({ entry: { commits } }: Writable<Bundle>) =>
      commits.findIndex(({ record }) => record.kind === 'emergency')
    await lies('an entry that nobody shows a grant to have reactivated', (bundle) => {
      bundle.entry.commits.splice(useOf(bundle), 1)
    })
    await lies('a grant that reactivated for less than the entry says since', ({ entry }) => {
      entry.state.emergency!.until = unixSeconds(entry.state.emergency!.until + 1)
    })
    await lies('a grant that was used on another alias than was signed', (bundle) => {
      bundle.entry.commits[useOf(bundle)]!.record.subject.alias = 'pay/other' as never
    })
    await lies('a rule that nobody shows a grant to have made', ({ entry: { state } }) => {
      const [rule] = state.rules
      rule!.until = unixSeconds(state.emergency!.until)
      rule!.emergency = { ...state.emergency!, until: rule!.until }
      rule!.rev = 1
    })
    return
  }
  if (name === 'let-go') {
    add('an entry that a grant reactivates', used, { entry })
    await lies('a grant that reactivates longer than was signed', ({ entry: { state } }) => {
      state.emergency!.until = unixSeconds(state.emergency!.until + 1)
    })
    await lies('a grant used by a signature of two days', (bundle) => {
      signAnew(bundle, [given.ann, given.h1], ({ created }) => ({
        expires: plus(created, days(2)),
      }))
    })
    await lies('a grant that lets an entry go which a brake held', ({ entry: { state } }) => {
      state.held = true
    })
    await lies('a grant that makes an entry active for good', ({ entry: { state } }) => {
      state.state = 'active'
      delete state.emergency
    })
    return
  }
  add('a call that a grant allows', used, { entry })
  await lies('a grant that allows a call longer than was signed', (bundle) => {
    const rule = ruleOf(bundle)
    rule.until = unixSeconds(rule.until! + 1)
  })
  await lies('a grant that allows another caller', (bundle) => {
    ruleOf(bundle).callers = [{ subtree: '' as never }]
  })
  await lies('a grant that allows another port', (bundle) => {
    ruleOf(bundle).ports = [[1, 65_535]]
  })
  await lies(
    'a grant that allows what a brake took, whoever detached it',
    ({ entry: { state } }) => {
      state.heldUntil = unixSeconds(given.now() + 60)
    },
  )
  await lies('a rule of a grant that calls itself voted', (bundle) => {
    delete ruleOf(bundle).emergency
  })
  await lies('a grant used by somebody else', ({ root: { state } }) => {
    const [h1, h2] = state.group!.emergency!.holders!
    h1!.keys = h2!.keys
  })
  const { rev } = given.index.state.root.group!
  await lies('a grant used by a group that never was', ({ entry: { commits } }) =>
    decidedAt(commits.at(-1)!, rev + 1),
  )
  await lies('a grant used by a group that was over', ({ entry: { commits } }) =>
    decidedAt(commits.at(-1)!, rev - 1),
  )
  await lies('a grant used by whom it does not name', ({ root: { state } }) => {
    state.group!.emergency!.grants[0]!.who = ['h1', 'h2']
  })
  await lies(
    'a grant used by fewer than it takes',
    ({ root: { state } }) => {
      state.group!.emergency!.grants[0]!.threshold = 3
    },
    'bundle.no-quorum',
  )
  await lies('a grant used for what it is not for', ({ root: { state } }) => {
    state.group!.emergency!.grants[0]!.acts = ['reactivate']
  })
  await lies('a grant used where it is not for', ({ root: { state } }) => {
    state.group!.emergency!.grants[0]!.under = 'web' as never
  })
  await lies('a grant used longer than it says', ({ root: { state } }) => {
    state.group!.emergency!.grants[0]!.longest = seconds(3599)
  })
  await lies('a grant that takes one signature twice', ({ entry: { commits } }) => {
    const { envelopes } = commits.at(-1)!
    envelopes[1] = envelopes[0]!
  })
  await lies('a grant used after its time', ({ entry: { state, commits } }) => {
    const { record } = commits.at(-1)!
    record.ts = unixSeconds(record.ts + 3601)
    for (const rule of state.rules.filter((one) => one.emergency)) {
      rule.until = unixSeconds(rule.until! + 3601)
      rule.emergency!.until = rule.until
    }
  })
}
