import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours, plus } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { verifyBundle } from '../../src/verify/verify-bundle.js'
import { brakeBy } from '../namespace/given-brake.js'
import { type GivenGroup, givenGroup, threeVoters } from '../namespace/given-group.js'
import { owner, valueOf } from '../namespace/given-index.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { bundleOf, colluding, edited, LOG, type Writable } from '../verify/given-bundle.js'
import type { Bundle } from '../../src/verify/bundle.js'

const below = ['dan', 'eve', 'fay'].map((id) => new TestVoter(id))
const [dan, eve, fay] = below as [TestVoter, TestVoter, TestVoter]

/** What may happen to the groups above one entry, and to it; what is not possible then is left out. */
const happenings = [
  'reweigh',
  'attach',
  'delegate',
  'intervene',
  'take-back',
  'equivocate',
  'brake-voter',
  'reinstate',
  'brake-scope',
  'guard',
  'unguard',
  'together',
  'wait',
] as const
type Happening = (typeof happenings)[number]

interface Told {
  readonly what: Happening
  readonly weight: number
}

/** Asks for it, and has everybody say yes who may, until nobody is asked any more. */
async function decided(given: GivenGroup, request: ChangeRequest): Promise<void> {
  const made = await given.index.change(request)
  if (made.ok && made.value.kind === 'waits') await carried(given, made.value.proposal)
}

async function carried(given: GivenGroup, id: string): Promise<void> {
  for (const voter of [given.ann, given.bob, given.cyd, dan, eve, fay]) {
    const proposal = valueOf(await given.index.proposal(id))
    if (proposal.standing !== 'open') return
    await given.index.submit([voter.vote(proposal, 'approve', given.now())])
  }
}

async function happens(given: GivenGroup, { what, weight }: Told, at: number): Promise<void> {
  const { index } = given
  const { state } = index
  const pay = (more: readonly TestVoter[] = below) =>
    groupOf(more.map((one) => one.voter(state.index, state.at, one === eve ? weight : 100)))
  const braking = (target: Parameters<typeof brakeBy>[2], by = [given.ann, given.bob]) =>
    index.submitBrake(brakeBy(state, by, target, { at: given.now() }))
  switch (what) {
    case 'reweigh': {
      const group = threeVoters(given, [given.ann, given.bob, given.cyd])
      const voters = group.voters.map((one) => (one.id === 'bob' ? { ...one, weight } : one))
      const brake = { ttl: hours(3), perWeek: 50 }
      return decided(given, { op: 'group.set', alias: '', group: { ...group, brake, voters } })
    }
    case 'attach': {
      const rule = { id: `r${at}`, callers: ['web'], ports: [weight] }
      return decided(given, { op: 'rule.attach', alias: 'pay/api', rule })
    }
    case 'delegate':
      return decided(given, { op: 'group.set', alias: 'pay', group: pay() })
    case 'intervene':
      return decided(given, { op: 'group.set', alias: 'pay', group: pay(), intervene: true })
    case 'take-back':
      await decided(given, { op: 'scope.suspend', alias: 'pay' })
      return decided(given, { op: 'scope.reactivate', alias: 'pay' })
    case 'equivocate': {
      const labels = { a: String(at) }
      const said = await index.change({ op: 'entry.update', alias: 'pay/api', labels })
      if (!said.ok || said.value.kind !== 'waits') return
      const proposal = valueOf(await index.proposal(said.value.proposal))
      const liar = weight % 2 === 0 ? fay : given.cyd
      const both = (['approve', 'reject'] as const).map((how) =>
        liar.vote(proposal, how, given.now()),
      )
      await index.submit(both)
      return
    }
    case 'brake-voter':
      await braking({ alias: '', voter: 'cyd' })
      return
    case 'brake-scope':
      await braking(
        { alias: 'pay' },
        state.scopeByAlias('pay' as never)?.group ? [dan, eve] : [given.ann, given.bob],
      )
      return
    case 'reinstate':
      return decided(given, { op: 'voter.reinstate', alias: '', voter: 'cyd' })
    case 'guard': {
      const guard = {
        id: 'all',
        effect: 'minThreshold',
        least: { sensitive: 100 + weight },
      } as const
      return decided(given, { op: 'guard.set', alias: '', guard })
    }
    case 'unguard':
      return decided(given, { op: 'guard.clear', alias: '', guard: 'all' })
    case 'together': {
      const made = await index.apply({
        apiVersion: 'capstan/v1',
        scopes: [
          { alias: 'pay', envelope: { maxTtl: 3600 + at } },
          { alias: `pay/s${at}`, envelope: { maxTtl: 600 } },
        ],
        entries: [{ alias: `pay/s${at}/new`, owner }],
      })
      if (!made.ok) return
      for (const one of made.value) if (one.kind === 'waits') await carried(given, one.proposal)
      return
    }
    case 'wait':
      given.clock.set(plus(given.now(), hours(3)))
  }
}

const commitsOf = ({ entry, root, above, elsewhere = [] }: Writable<Bundle>) =>
  [entry, root, ...above.flatMap(({ scope }) => scope ?? []), ...elsewhere].flatMap(
    ({ commits }) => commits,
  )

describe('the lineage of a bundle', () => {
  it('verifies after whatever happened, and not without any of what was signed', async () => {
    const seen = new Map<string, number>()
    const story = fc.array(
      fc.record({ what: fc.constantFrom(...happenings), weight: fc.constantFrom(99, 100, 101) }),
      { minLength: 4, maxLength: 12 },
    )
    await fc.assert(
      fc.asyncProperty(story, fc.nat(), async (told, pick) => {
        const given = await givenGroup(
          { brake: { ttl: hours(3), perWeek: 50 } },
          { op: 'scope.create', alias: 'pay' },
          { op: 'entry.create', alias: 'pay/api', owner },
          { op: 'entry.create', alias: 'web', owner },
        )
        for (const [at, one] of told.entries()) await happens(given, one, at)
        const { index: indexId } = given.index.state
        const trust = { indexId, logKey: LOG.key, now: given.now() }
        const aliases = [...given.index.state.entries.range()].map(([, { alias }]) => alias)
        for (const alias of aliases) {
          const whole = await bundleOf(given, alias)
          const found = valueOf(verifyBundle(whole, trust))
          expect(found.groupsBy).toBe('genesis')
          for (const { op, recount } of found.commits) {
            if (recount.counted === 'before') expect(['genesis', 'evidence']).toContain(op)
            seen.set(op, (seen.get(op) ?? 0) + 1)
          }
          let many = 0
          edited(whole, (bundle) => (many = commitsOf(bundle).length))
          const commit = (bundle: Writable<Bundle>) => commitsOf(bundle)[pick % many]!
          const unsigned = edited(whole, (bundle) => {
            const { envelopes } = commit(bundle)
            const { signatures } = envelopes[pick % envelopes.length]!
            signatures[0]!.sig = Buffer.alloc(64).toString('base64')
          })
          expect(verifyBundle(unsigned, trust).ok).toBe(false)
          // By a log that signs whatever it is told: the same without one of the votes.
          let isVoted = false as boolean
          const fewer = await colluding(
            given,
            whole,
            (bundle) => {
              const { record, envelopes } = commit(bundle)
              isVoted = record.kind === 'commit'
              if (isVoted) envelopes.splice(record.votes.length)
              record.votes.pop()
            },
            { lineage: 'whole' },
          )
          if (isVoted) expect(verifyBundle(fewer, trust).ok).toBe(false)
        }
      }),
      { numRuns: 12 },
    )
    const ops = ['brake', 'evidence', 'genesis', 'group.set', 'rule.attach', 'scope.create']
    expect(ops.filter((op) => !seen.has(op))).toEqual([])
  }, 120_000)
})
