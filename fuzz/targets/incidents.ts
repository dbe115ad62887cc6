import { canonicalize } from '../../src/core/canonical-json.js'
import { hours, plus } from '../../src/core/time.js'
import type { Result } from '../../src/core/result.js'
import { open, type Opened, payloadTypes, preAuthEncoding } from '../../src/namespace/dsse.js'
import { LONGEST_SIGNING, LONGEST_USE } from '../../src/namespace/emergency/emergency.js'
import {
  type InvocationStatement,
  readInvocation,
} from '../../src/namespace/emergency/emergency-statements.js'
import {
  readCancellation,
  readRecovery,
  type RecoveryStatement,
} from '../../src/namespace/recovery/recovery-statements.js'
import { canonicalState } from '../../src/namespace/state.js'
import { readBrake } from '../../src/namespace/statements.js'
import { brakeStatement } from '../../test/namespace/given-brake.js'
import { verifiesWith } from '../given/verifies-with.js'
import {
  agreed,
  governed,
  type GovernedIndex,
  grants,
  later,
  opened,
  people,
  person,
  type Situation,
} from '../given/governed-index.js'
import { mutatedValue, parse } from '../mutate/json.js'
import type { Mutator } from '../mutate/mutator.js'
import { endingOf, hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

const kinds = ['brake', 'emergency', 'recovery'] as const
type Kind = (typeof kinds)[number]

const LINE_FEED = '\n'
const MOST_LINES = 40

const base = await governed()
const suspended = await later(base, hours(1), (given) =>
  agreed(given, { op: 'entry.suspend', alias: 'shop/web' }),
)
const recovering = await later(base, hours(1), async (given) => {
  const lines = signed(payloadTypes.recovery, recoveryOf(given), ['rex', 'sue'])
  const done = await given.index.submitRecovery(lines)
  if (!done.ok) throw new Error(done.refusal.detail)
})
const situations: readonly Situation[] = [base, suspended, recovering]

/** An input is a line that says which index it is sent to and as what, and a line for each envelope. */
interface Sent {
  readonly at: number
  readonly kind: Kind
  readonly envelopes: readonly Uint8Array[]
}

function sentBy(input: Uint8Array): Sent | undefined {
  const [head = '', ...lines] = Buffer.from(input).toString('latin1').split(LINE_FEED, MOST_LINES)
  const [number = '', kind] = head.split(' ')
  const at = Number(number)
  const known = kinds.find((one) => one === kind)
  if (!situations[at] || !known) return undefined
  return { at, kind: known, envelopes: lines.map((line) => Buffer.from(line, 'latin1')) }
}

const inputOf = ({ at, kind, envelopes }: Sent): Uint8Array =>
  Buffer.concat([
    Buffer.from(`${at} ${kind}`),
    ...envelopes.flatMap((envelope) => [Buffer.from(LINE_FEED), envelope]),
  ])

async function run(input: Uint8Array): Promise<string> {
  const sent = sentBy(input)
  const situation = sent && situations[sent.at]
  if (!sent || !situation) return 'nothing'
  const given = await opened(situation)
  const before = canonicalState(given.index.state)
  const done = await submitted(given, sent)
  const after = canonicalState(given.index.state)
  if (!done.ok) {
    hold(after === before, 'what is refused leaves nothing behind')
    hold(given.log.records.length === situation.records.length, 'and no record')
    return `${sent.kind} ${endingOf(done.refusal)}`
  }
  const of = sent.envelopes.map(open).filter((one): one is Opened => one !== undefined)
  hold(of.length === sent.envelopes.length, 'what is taken is a row of envelopes')
  const who = meant(sent.kind, of, situation) ?? []
  hold(new Set(who).size === who.length && who.length > 0, 'a person signs once')
  for (const [place, id] of who.entries()) {
    const line = sent.envelopes[place]
    const isTheirs = line && people[id] && verifiesWith(person(id).jwk, line)
    hold(isTheirs === true, 'what is taken has the signature of each who is named')
  }
  const again = await opened({ records: given.log.records, now: given.clock.now() })
  hold(canonicalState(again.index.state) === after, 'replaying comes to the same')
  return `${sent.kind} taken`
}

const submitted = (
  { index }: GovernedIndex,
  { kind, envelopes }: Sent,
): Promise<Result<unknown>> => {
  switch (kind) {
    case 'brake':
      return index.submitBrake(envelopes)
    case 'emergency':
      return index.invokeEmergency(envelopes)
    case 'recovery':
      return index.submitRecovery(envelopes)
  }
}

/** Whom the statement names, where it is one that may be taken. */
function meant(
  kind: Kind,
  [first]: readonly Opened[],
  { now }: Situation,
): readonly string[] | undefined {
  if (!first) return undefined
  switch (kind) {
    case 'brake': {
      const said = readBrake(first)
      if (said) hold(said.ttl <= hours(24), 'a brake is no longer than the group says')
      return said?.voters
    }
    case 'emergency': {
      const said = readInvocation(first)
      return said && usable(said, now)
    }
    case 'recovery': {
      const start = readRecovery(first)
      if (start) hold(start.holders.length >= 2, 'as many recover as the set says')
      return start?.holders ?? readCancellation(first)?.voters
    }
  }
}

function usable(said: InvocationStatement, now: number): readonly string[] {
  const grant = grants.find(({ name }) => name === said.grant)
  hold(grant !== undefined, 'a grant is one that was voted')
  if (!grant) return []
  hold(grant.acts.includes(said.act), 'it is for what it was voted for')
  hold(said.ttl <= grant.longest && said.ttl <= LONGEST_USE, 'no longer than it may')
  hold(said.by.length >= grant.threshold, 'by as many as it wants')
  hold(
    said.by.every((id) => grant.who.includes(id)),
    'and by nobody else',
  )
  const isOfNow = said.created <= now + 120 && now <= said.expires
  hold(isOfNow && said.expires - said.created <= LONGEST_SIGNING, 'and lately')
  return said.by
}

function signed(type: string, statement: unknown, ids: readonly string[]): readonly Uint8Array[] {
  return [...ids].sort().map((id) => person(id).envelope(type, statement))
}

function recoveryOf({ index: { state }, clock }: GovernedIndex): RecoveryStatement {
  const { root, index, at } = state
  const { rev: _rev, recovery: _set, emergency: _grants, ...group } = root.group ?? none()
  const voters = ['dan', 'eve', 'fay'].map((id) => person(id).voter(index, at))
  return {
    ...{ v: 1, index, subject: { alias: root.alias, uid: root.uid } },
    ...{ base: { rev: root.rev, head: root.head }, from: root.group?.rev ?? 0 },
    ...{ group: { ...group, voters }, holders: ['rex', 'sue'], nonce: '1'.repeat(32) },
    ...{ created: clock.now(), expires: plus(clock.now(), hours(24)) },
  }
}

function none(): never {
  throw new Error('nobody decides')
}

function invocationOf(
  { index: { state }, clock }: GovernedIndex,
  more: Partial<InvocationStatement>,
): InvocationStatement {
  const alias = more.act === 'reactivate' ? 'shop/web' : 'shop/api'
  const entry = state.entryByAlias(alias as never)
  const caller = state.entryByAlias('shop/web' as never)
  if (!entry || !caller) return none()
  return {
    ...{ v: 1, index: state.index, act: 'allow', grant: 'oncall', ttl: hours(1), by: ['ann'] },
    scope: { uid: state.root.uid, rev: state.root.group?.rev ?? 0 },
    subject: { alias: entry.alias, uid: entry.uid },
    base: { rev: entry.rev, head: entry.head },
    ...(more.act !== 'reactivate' && {
      call: { caller: caller.uid, ports: [[8080, 8080]], proto: 'http' as const },
    }),
    ...{ reason: 'incident 7', nonce: '2'.repeat(32) },
    ...{ created: clock.now(), expires: plus(clock.now(), hours(1)) },
    ...more,
  }
}

async function seeds(): Promise<readonly Uint8Array[]> {
  const [plain, without, under] = await Promise.all(situations.map((one) => opened(one)))
  if (!plain || !without || !under) return []
  const use = (at: number, given: GovernedIndex, more: Partial<InvocationStatement> = {}) => {
    const statement = invocationOf(given, more)
    const envelopes = signed(payloadTypes.emergency, statement, statement.by)
    return inputOf({ at, kind: 'emergency', envelopes })
  }
  const braked = [
    { alias: 'shop/api' },
    { alias: 'shop' },
    { alias: 'shop/api', rule: 'web' },
    { alias: '', voter: 'cyd' },
  ]
  const { state } = under.index
  return [
    ...braked.map((target) => {
      const statement = brakeStatement(plain.index.state, ['ann'], target, plain.clock.now())
      const envelopes = signed(payloadTypes.brake, statement, ['ann'])
      return inputOf({ at: 0, kind: 'brake', envelopes })
    }),
    use(0, plain),
    use(0, plain, { by: ['hal', 'ivy'], grant: 'pair', ttl: hours(4) }),
    use(0, plain, { drill: true }),
    use(1, without, { act: 'reactivate' }),
    inputOf({
      ...{ at: 0, kind: 'recovery' },
      envelopes: signed(payloadTypes.recovery, recoveryOf(plain), ['rex', 'sue']),
    }),
    inputOf({
      ...{ at: 2, kind: 'recovery' },
      envelopes: signed(
        payloadTypes.cancellation,
        {
          ...{ v: 1, index: state.index, from: state.root.group?.rev, voters: ['cyd'] },
          ...{ subject: { alias: '', uid: state.root.uid }, nonce: '3'.repeat(32) },
          recovery: state.root.recovery?.statement,
          ...{ created: under.clock.now(), expires: plus(under.clock.now(), hours(24)) },
        },
        ['cyd'],
      ),
    }),
  ]
}

/** Changes what is said, and has those sign it again who are named, or somebody else. */
const mutateAndSeal: Mutator = (input, material) => {
  const sent = sentBy(input)
  const [first] = sent?.envelopes ?? []
  const read = first && open(first)
  const statement = read && (parse(read.payload) as Record<string, unknown> | undefined)
  if (!sent || !read || !statement) return undefined
  const { random } = material
  const said = mutatedValue(statement, material)
  const named = namedIn(said)
  const ids = random.oneIn(8) ? [random.pick(Object.keys(people))] : named
  const type = random.oneIn(16) ? random.pick(Object.values(payloadTypes)) : read.payloadType
  const at = random.oneIn(16) ? random.below(situations.length) : sent.at
  const envelopes = sealedBy(ids, type, said)
  return envelopes && inputOf({ ...sent, at, envelopes })
}

function namedIn(said: unknown): readonly string[] {
  const { by, voters, holders } = Object(said) as Record<string, unknown>
  const named = [by, voters, holders].find((one) => Array.isArray(one)) as unknown[] | undefined
  return (named ?? []).filter(
    (id): id is string => typeof id === 'string' && Object.hasOwn(people, id),
  )
}

function sealedBy(
  ids: readonly string[],
  type: string,
  said: unknown,
): readonly Uint8Array[] | undefined {
  try {
    canonicalize(said)
    preAuthEncoding(type, new Uint8Array(0))
    return signed(type, said, ids)
  } catch {
    // A mutation that no signature can be over.
    return undefined
  }
}

export const target: Target = {
  seeds,
  mutators: [mutateAndSeal, mutateAndSeal, mutateAndSeal],
  run,
}
