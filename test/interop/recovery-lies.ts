import { ROOT } from '../../src/core/alias.js'
import { days, hours, plus, unixSeconds } from '../../src/core/time.js'
import type { RecoveryStatement } from '../../src/namespace/recovery/recovery-statements.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { valueOf } from '../namespace/given-index.js'
import {
  cancellationBy,
  DELAY,
  digestIn,
  type GivenRecovery,
  signedRecovery,
} from '../namespace/given-recovery.js'
import { bundleOf, colluding, LOG, withoutLineage, type Writable } from '../verify/given-bundle.js'
import { type BundleVector, spliced } from './bundle-vector.js'
import { type Begun, givenBegun, guards, shownOf } from './recovery-vectors.js'

type Edit = (bundle: Writable<Bundle>) => void
type State = Writable<Bundle>['root']['state']

/** What a log may say of a recovery that its records do not: nothing, for a start. */
export async function addRecoveryLies(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const telling = (given: GivenRecovery) => {
    const { index } = given.index.state
    const trust = { index, key: formatVerifierKey(LOG.key), now: given.now() }
    return (name: string, honest: Uint8Array): Lies => {
      bundles[name] = Buffer.from(honest).toString('utf8')
      return async (what, edit, refused = 'bundle.not-proved') => {
        const changed = Buffer.from(await colluding(given, honest, edit)).toString('utf8')
        vectors.push({
          what,
          ...spliced(bundles, changed),
          trust: { ...trust, trustLog: true },
          refused,
        })
      }
    }
  }
  await addWaiting(await givenBegun(), telling)
  await addStopped(await givenBegun(), telling)
  await addFinished(await givenBegun(), telling)
  await addOverruled(await givenBegun(), telling)
}

type Lies = (what: string, edit: Edit, refused?: string) => Promise<void>
/** Of a bundle that is added under a name: what is made of it is written as a change of it. */
type Telling = (given: GivenRecovery) => (name: string, honest: Uint8Array) => Lies

async function addWaiting({ given, statement }: Begun, telling: Telling): Promise<void> {
  const lies = telling(given)('waiting', await bundleOf(given, 'pay/api'))
  await lies('a recovery that waits, and that the scope says nothing of', unmarked)
  await lies('a recovery that only the scope says is stopped', ({ root: { state } }) => {
    const at = state.recovery!.since
    state.recovery!.cancelled = { at, again: plus(at, days(7)) }
  })
  const setTo = (edit: (set: NonNullable<NonNullable<State['group']>['recovery']>) => void) => {
    return ({ root: { state } }: Writable<Bundle>) => {
      const set = state.group!.recovery!
      edit(set)
      state.recovery!.due = plus(state.recovery!.since, set.delay)
    }
  }
  await lies(
    'a recovery by a set of which one is enough',
    setTo((set) => (set.threshold = 1)),
  )
  await lies(
    'a recovery by a set with a delay of an hour',
    setTo((set) => (set.delay = hours(1))),
    'bundle.malformed',
  )
  await lies(
    'a recovery by a set in which one person is twice',
    setTo(({ holders }) => (holders[2]!.controller = holders[1]!.controller)),
  )
  const resigned = async (what: string, more: Partial<RecoveryStatement>) => {
    const { r1, r2 } = given.safe
    const other = signedRecovery([r1, r2], { ...statement, ...more })
    await lies(what, ({ root: { state, commits } }) => {
      commits[0]!.envelopes = shownOf(other)
      commits[0]!.record.prop = digestIn(other[0])
      state.recovery!.statement = digestIn(other[0])
    })
  }
  const { uid } = statement.subject
  await resigned('a recovery of another alias', {
    subject: { alias: given.scope('pay').alias, uid },
  })
  await resigned('a recovery that was signed for more than a week', {
    expires: unixSeconds(statement.created + days(7) + 1),
  })
  const entry = given.entry('pay/api')
  await lies('a recovery of an entry', ({ entry: { commits } }) => {
    const made = commits.at(-1)!
    const { rev, prev } = made.record
    const signed = signedRecovery([given.safe.r1, given.safe.r2], {
      ...statement,
      subject: { alias: entry.alias, uid: entry.uid },
      from: 0,
      base: { rev: rev - 1, head: prev ?? '' },
      created: made.record.ts,
      expires: plus(unixSeconds(made.record.ts), days(1)),
    })
    delete made.opened
    made.envelopes = shownOf(signed)
    Object.assign(made.record, {
      kind: 'recovery-start',
      prop: digestIn(signed[0]),
      votes: [],
      class: 'structural',
      group: { uid: entry.uid, rev: 0 },
    })
  })
}

async function addStopped({ given }: Begun, telling: Telling): Promise<void> {
  valueOf(await given.index.submitRecovery(cancellationBy(given, [given.cyd])))
  const lies = telling(given)('cancelled', await bundleOf(given, 'pay/api'))
  await lies('a recovery that was stopped, and that the scope says nothing of', unmarked)
  await lies('a recovery that waits though it was stopped', ({ root: { state } }) => {
    delete state.recovery!.cancelled
  })
}

async function addFinished({ given, statement }: Begun, telling: Telling): Promise<void> {
  given.clock.set(plus(given.now(), DELAY))
  valueOf(await given.index.finishRecovery(ROOT))
  const lies = telling(given)('finished', await bundleOf(given, 'pay/api'))
  await lies('a recovery at once that the scope says nothing of', (bundle) => {
    const { commits } = bundle.root
    commits.at(-1)!.record.ts = unixSeconds(commits[0]!.record.ts + 1)
    unmarked(bundle)
  })
  await lies('a finished recovery of a group that is as before', ({ root }) => {
    delete root.state.recovery!.finished
    root.state.group!.rev = statement.from
  })
}

/** Those who decide set a group between, and the log finishes the recovery for all that. */
async function addOverruled({ given, statement }: Begun, telling: Telling): Promise<void> {
  const begun = await shownRoot(given)
  const { rev: _rev, ...group } = given.index.state.root.group!
  await given.agreed({ op: 'group.set', alias: '', group })
  const set = await shownRoot(given)
  given.clock.set(plus(given.now(), DELAY))
  await guards(given, 'after')
  const later = await bundleOf(given, 'pay/api')
  const lies = telling(given)('overruled', later)
  await lies('a recovery though voters set another group', ({ root }) => {
    const finish = root.commits[0]!
    const [start] = begun.commits
    delete finish.opened
    finish.envelopes = start!.envelopes
    Object.assign(finish.record, {
      kind: 'recovery-finish',
      prop: start!.record.prop,
      votes: [],
      class: 'structural',
      group: start!.record.group,
    })
    root.commits = [...begun.commits, ...set.commits, finish]
    const recovery = root.state.group!.recovery!
    const made = { ...statement.group, rev: statement.from + 1, recovery }
    root.state.group = made as unknown as NonNullable<State['group']>
    root.state.recovery = { ...begun.state.recovery!, finished: finish.record.ts }
  })
}

const shownRoot = async (given: GivenRecovery): Promise<Writable<Bundle>['root']> => {
  const octets = withoutLineage(await bundleOf(given, 'pay/api'))
  return (JSON.parse(Buffer.from(octets).toString('utf8')) as Writable<Bundle>).root
}

const unmarked: Edit = ({ root: { state } }) => {
  delete state.recovery
}
