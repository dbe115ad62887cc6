import { ok } from '../../core/result.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { IssuanceLedger } from '../../issuance/ports.js'
import type { Told } from '../../namespace/questions/committed.js'
import type { Impact } from '../../namespace/questions/impact.js'
import type { ReachSide } from '../../namespace/questions/reach.js'
import type { Questions } from '../../namespace/questions/questions.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import type { ShownImpactJson } from '../http/question-shapes.js'
import type { AskedReach, Operations } from '../operations.js'
import { proposalJson } from '../views/namespace-views.js'
import { decidedChangeJson } from '../views/policy-views.js'
import {
  authorityJson,
  cedarJson,
  endsJson,
  placeOfParameter,
  reachJson,
  resilienceJson,
  staleJson,
} from '../views/question-views.js'
import { namesBeside } from './names.js'

interface QuestionDeps {
  readonly index: Pick<GovernedIndex, 'proposal' | 'names'>
  readonly questions: Questions
  readonly ledger: Pick<IssuanceLedger, 'list' | 'lastNotAfter'>
}

/** What follows from the state that is asked about, and its log. */
type OfState =
  | 'voted'
  | 'exceptions'
  | 'impact'
  | 'reach'
  | 'callers'
  | 'authority'
  | 'resilience'
  | 'cedar'
  | 'changes'
  | 'ends'

/** What people ask about the namespace, beside what it is. */
export function questionOperations({
  index,
  questions,
  ledger,
}: QuestionDeps): Pick<Operations, OfState | 'stale' | 'proposal'> {
  return {
    ...questionsAsked(questions),

    async stale({ prefix, age, after, limit }) {
      const page = { limit, age, ...(after !== undefined && { after: placeOfParameter(after) }) }
      const found = await questions.stale(prefix, page, (uid) => lastIssued(ledger, uid))
      return found.ok ? ok(staleJson(found.value)) : found
    },

    async proposal(id) {
      const found = await index.proposal(id)
      if (!found.ok) return found
      const json = proposalJson(found.value)
      const { closed, proposal } = found.value
      const asked = await questions.impact(id)
      // What is over, or can no longer happen, has none.
      const impact = asked.ok && {
        impact: impactJson(asked.value.impact),
        impactDigest: asked.value.digest,
      }
      const said = [proposal?.body, impact]
      return ok({ ...json, ...impact, ...(await namesBeside(index, said, closed?.record)) })
    },
  }
}

/** When its latest certificate began; of one that is pruned, when it ended at the latest. */
async function lastIssued(
  ledger: QuestionDeps['ledger'],
  entry: Uid,
): Promise<UnixSeconds | undefined> {
  const [latest] = await ledger.list({ entry, limit: 1 })
  return latest?.notBefore ?? (await ledger.lastNotAfter(entry))
}

const withTime = <T extends Told>({ at, ...told }: T): Omit<T, 'at'> & { readonly at: string } => ({
  ...told,
  at: toIso(at),
})

/** Of whatever state the questions are about. */
export function questionsAsked(questions: Questions): Pick<Operations, OfState> {
  const reach = async (side: ReachSide, { alias, after, limit }: AskedReach) => {
    const page = { limit, ...(after !== undefined && { after: placeOfParameter(after) }) }
    const found = await questions.reach(side, alias, page)
    return found.ok ? ok(reachJson(found.value)) : found
  }
  return {
    reach: (page) => reach('callees', page),
    callers: (page) => reach('callers', page),

    async authority(alias, op) {
      const found = await questions.authority(alias, op)
      return found.ok ? ok(authorityJson(alias, found.value)) : found
    },

    async voted(asked) {
      const found = await questions.votedBy(asked)
      if (!found.ok) return found
      const { changes, ...more } = found.value
      return ok({ ...more, changes: changes.map(withTime) })
    },

    async changes(asked) {
      const found = await questions.changes(asked)
      if (!found.ok) return found
      const { changes, ...more } = found.value
      return ok({ ...more, changes: changes.map(decidedChangeJson) })
    },

    async exceptions(asked) {
      const found = await questions.exceptions(asked)
      if (!found.ok) return found
      const { exceptions, ...more } = found.value
      return ok({ ...more, exceptions: exceptions.map(withTime) })
    },

    async cedar({ after, ...asked }) {
      const page = { ...asked, ...(after !== undefined && { after: placeOfParameter(after) }) }
      const found = await questions.cedar(page)
      return found.ok ? ok(cedarJson(found.value)) : found
    },

    async ends({ prefix: region, after, ...asked }) {
      const page = {
        ...asked,
        region,
        ...(after !== undefined && { after: placeOfParameter(after) }),
      }
      const found = await questions.ends(page)
      return found.ok ? ok(endsJson(found.value)) : found
    },

    async resilience(scope, without) {
      const found = await questions.resilience(scope, without)
      if (!found.ok) return found
      return ok(resilienceJson(found.value))
    },

    async impact(id) {
      const found = await questions.impact(id)
      if (!found.ok) return found
      const { impact, ...shown } = found.value
      return ok({ ...shown, impact: impactJson(impact) })
    },
  }
}

/** As it is digested: nothing of it is written otherwise for the wire. */
const impactJson = (impact: Impact): ShownImpactJson['impact'] =>
  impact as unknown as ShownImpactJson['impact']
