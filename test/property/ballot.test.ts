import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { UnixSeconds } from '../../src/core/time.js'
import { type Ballot, type CastVote, count, decisions } from '../../src/namespace/ballot.js'
import { changeClasses, type Group, type Voter } from '../../src/namespace/group.js'

const ids = ['a', 'b', 'c', 'd', 'e', 'f']

const voters: fc.Arbitrary<readonly Voter[]> = fc
  .array(
    fc.record({
      controller: fc.constantFrom('p', 'q', 'r', 's'),
      weight: fc.integer({ min: 1, max: 10 }),
      status: fc.constantFrom('active' as const, 'active' as const, 'suspended' as const),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) => all.map((voter, at) => ({ ...voter, id: ids[at] ?? 'x', keys: [] })))

const each = (value: number) =>
  Object.fromEntries(changeClasses.map((name) => [name, value])) as Group['threshold']

/** Of any voters, with a threshold above half, as a sound group has. */
const group: fc.Arbitrary<Group> = fc
  .record({
    voters,
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    controllers: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ voters: all, part, controllers }) => {
    const total = all.reduce(
      (sum, { weight, status }) => sum + (status === 'active' ? weight : 0),
      0,
    )
    const least = Math.floor(total / 2) + 1
    return {
      rev: 1,
      solo: false,
      voters: all,
      threshold: each(least + Math.floor(part * Math.max(0, total - least))),
      minControllers: each(controllers),
    }
  })

const votes: fc.Arbitrary<readonly CastVote[]> = fc
  .array(
    fc.record({
      voter: fc.constantFrom(...ids, 'stranger'),
      decision: fc.constantFrom(...decisions),
    }),
    { maxLength: 20 },
  )
  // One number for each vote of a voter, as the log sees to.
  .map((all) =>
    all.map(({ voter, decision }, at) => ({
      voter,
      decision,
      seq: 1 + all.slice(0, at).filter((other) => other.voter === voter).length,
      digest: String(at),
      cast: 0 as UnixSeconds,
      record: at,
      in: ['present'] as const,
    })),
  )

const ballot: fc.Arbitrary<Ballot> = fc.record({
  changeClass: fc.constantFrom(...changeClasses),
  author: fc.record({ controller: fc.constantFrom('p', 'q') }),
  votes,
  at: fc.constant(100 as UnixSeconds),
})

const outcome = (of: Group, about: Ballot) => count(of, 'present', about).outcome

describe('a count', () => {
  it('does not depend on the order of the votes, nor on hearing one twice', () => {
    fc.assert(
      fc.property(
        group.chain((of) =>
          ballot.chain((about) =>
            fc.record({
              of: fc.constant(of),
              about: fc.constant(about),
              again: fc.shuffledSubarray([...about.votes, ...about.votes], {
                minLength: about.votes.length * 2,
              }),
            }),
          ),
        ),
        ({ of, about, again }) => {
          expect(count(of, 'present', { ...about, votes: again })).toEqual(
            count(of, 'present', about),
          )
        },
      ),
    )
  })

  it('ignores strangers, the suspended, and votes of the other side', () => {
    fc.assert(
      fc.property(group, ballot, (of, about) => {
        const active = new Set(of.voters.filter((v) => v.status === 'active').map(({ id }) => id))
        const theirs = about.votes.filter(({ voter }) => active.has(voter))
        expect(count(of, 'present', { ...about, votes: theirs })).toEqual(
          count(of, 'present', about),
        )
        expect(count(of, 'second', about)).toMatchObject({ yes: 0, no: 0 })
      }),
    )
  })

  it('says passed and dead of no state alike, and of dead that no vote to come could pass it', () => {
    fc.assert(
      fc.property(group, ballot, (of, about) => {
        if (outcome(of, about) !== 'dead') return
        const rejecting = new Map(about.votes.map((vote) => [vote.voter, vote.decision]))
        const more = of.voters
          .filter(({ id }) => rejecting.get(id) !== 'reject')
          .map(({ id }): CastVote => ({
            voter: id,
            decision: 'approve',
            seq: 1000,
            digest: id,
            cast: 0 as UnixSeconds,
            record: 1000,
            in: ['present'],
          }))
        expect(outcome(of, { ...about, votes: [...about.votes, ...more] })).toBe('dead')
      }),
    )
  })

  it('never lets one controller stand for two, however many voters they are', () => {
    fc.assert(
      fc.property(group, ballot, (of, about) => {
        const one = { ...of, voters: of.voters.map((v) => ({ ...v, controller: 'p' })) }
        if (one.minControllers.routine < 2) return
        expect(outcome(one, about)).not.toBe('passed')
      }),
    )
  })

  it('never turns no into yes when weights fall, voters are suspended, or more is asked', () => {
    fc.assert(
      fc.property(group, ballot, fc.integer({ min: 0, max: 5 }), (of, about, at) => {
        if (outcome(of, about) === 'passed') return
        const change = (other: (voter: Voter) => Voter): Group => ({
          ...of,
          voters: of.voters.map((voter, position) => (position === at ? other(voter) : voter)),
        })
        for (const less of [
          change((voter) => ({ ...voter, weight: Math.max(1, voter.weight - 1) })),
          change((voter) => ({ ...voter, status: 'suspended' })),
        ]) {
          expect(outcome(less, about)).not.toBe('passed')
        }
        const stricter = {
          ...of,
          threshold: each(of.threshold.routine + at),
          minControllers: each(of.minControllers.routine + at),
        }
        expect(outcome(stricter, about)).not.toBe('passed')
      }),
    )
  })

  it('is not carried, and not ended, by a brake on a voter; nor is a no taken away', () => {
    fc.assert(
      fc.property(group, ballot, fc.nat(), fc.boolean(), (of, about, which, isOver) => {
        const at = which % of.voters.length
        const brake = { until: (isOver ? about.at : about.at + 1) as UnixSeconds }
        const voters = of.voters.map((voter, position) =>
          position === at ? { ...voter, brake } : voter,
        )
        const [before, after] = [of, { ...of, voters }].map((one) => count(one, 'present', about))
        if (isOver) expect(after).toEqual(before)
        expect(after?.no).toBe(before?.no)
        expect(after?.outcome === 'dead').toBe(before?.outcome === 'dead')
        if (before?.outcome !== 'passed') expect(after?.outcome).toBe(before?.outcome)
      }),
    )
  })

  it('passes two ballots only with voters in common: at least 2t - W of them', () => {
    fc.assert(
      fc.property(group, votes, votes, (of, first, second) => {
        const about = {
          changeClass: 'routine',
          author: { controller: 'x' },
          at: 100 as UnixSeconds,
        } as const
        const passed = [first, second].map((cast) => outcome(of, { ...about, votes: cast }))
        if (!passed.every((one) => one === 'passed')) return
        const yes = [first, second].map(
          (cast) =>
            new Set(
              of.voters
                .filter(({ id, status }) => {
                  const own = cast.filter(({ voter }) => voter === id)
                  return status === 'active' && own.at(-1)?.decision === 'approve'
                })
                .map(({ id }) => id),
            ),
        )
        const total = of.voters.reduce((s, v) => s + (v.status === 'active' ? v.weight : 0), 0)
        const both = of.voters
          .filter(({ id }) => yes.every((set) => set.has(id)))
          .reduce((sum, { weight }) => sum + weight, 0)
        expect(both).toBeGreaterThanOrEqual(2 * of.threshold.routine - total)
        expect(both).toBeGreaterThan(0)
      }),
      { numRuns: 2000 },
    )
  })
})
