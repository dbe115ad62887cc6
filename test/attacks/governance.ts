import { type Attack, edit } from './attack.js'

/** What a voter, a stranger or whoever holds the log may try against the voters of an index. */
export const governanceAttacks: readonly Attack[] = [
  {
    id: 'attack 1',
    where: 'TUF, go-tuf 2026',
    what: 'one key is listed under two names or in two spellings, and counts twice',
    proofs: [
      {
        file: 'test/namespace/sound-group.test.ts',
        name: 'is in it once, also under another voter or in another spelling',
        check: 'every thumbprint once in a group',
        without: edit(
          'src/namespace/sound-group.ts',
          'if (seen.has(thumbprint)) {',
          'if (false) {',
        ),
      },
    ],
  },
  {
    id: 'attack 2',
    where: 'any group',
    what: 'one person has several voters, and is several people',
    proofs: [
      {
        file: 'test/namespace/sound-group.test.ts',
        name: 'one person behind all voters',
        check: 'controllers are counted, not voters',
        without: edit(
          'src/namespace/sound-group.ts',
          'if (controllers < 1 || controllers > persons) {',
          'if (controllers < 1) {',
        ),
      },
    ],
  },
  {
    id: 'attack 8',
    where: 'any group',
    what: 'a vote bears the name of a heavier voter',
    proofs: [
      {
        file: 'test/namespace/quorum.test.ts',
        name: 'counts for the one who signed it, whatever name it bears',
        check: 'a vote is signed by a key of the voter it names',
        without: edit(
          'src/namespace/fold-vote.ts',
          'among.filter(({ known }) => signs(known, statement, cast, record.ts))',
          'among',
        ),
      },
    ],
  },
  {
    id: 'attack 10',
    where: 'any group',
    what: "somebody lists another person's public key as their own, and is counted for them",
    proofs: [
      {
        file: 'test/namespace/sound-group.test.ts',
        name: 'is proved to be in the hands of whom it is listed for',
        check: 'each key has signed its enrolment: index, voter and controller',
        without: edit(
          'src/namespace/sound-group.ts',
          'if (isEnrolled(key, { index, voter, controller, role })) return true',
          'if (key.proof !== undefined) return true',
        ),
      },
    ],
  },
  {
    id: 'attack 12',
    where: 'any group',
    what: 'votes of a group that has changed since are counted',
    proofs: [
      {
        file: 'test/namespace/quorum.test.ts',
        name: 'is refused: for another revision of the group',
        check: 'a vote names the revision of the group',
        without: edit(
          'src/namespace/fold-vote.ts',
          'predicate.scope.rev === proposal.scope.rev &&\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 15',
    where: 'any log',
    what: 'an expired proposal is brought back',
    proofs: [
      {
        file: 'test/namespace/quorum.test.ts',
        name: 'is refused when its votes came too late',
        check: 'a proposal is expired by the time of the log',
        without: edit(
          'src/namespace/standing.ts',
          "now > row.proposal.expires ? 'expired' : 'open'",
          "'open'",
        ),
      },
      {
        file: 'test/monitor/lies.test.ts',
        name: 'that is of a time at which it was not shown is an alarm, told once',
        check: 'a monitor: what was not there at a look is of a later time',
        without: edit(
          'src/monitor/follow-index.ts',
          'recordedAfter === undefined || at >= recordedAfter',
          'recordedAfter === undefined || at >= 0',
        ),
      },
    ],
  },
  {
    id: 'attack 16',
    where: 'any log',
    what: 'a timelock is skipped by whoever writes the log',
    proofs: [
      {
        file: 'test/namespace/quorum.test.ts',
        name: 'is refused before its time',
        check: 'a change is verified against the time at which it is due',
        without: edit('src/namespace/fold-commit.ts', 'if (!ready.ok) return ready\n', ''),
      },
      {
        file: 'test/monitor/lies.test.ts',
        name: 'is an alarm as soon as no two right clocks are so far apart',
        check: 'a monitor: no log is of a time to come',
        without: edit(
          'src/monitor/follow-index.ts',
          'if (at > plus(this.deps.clock.now(), CLOCK_TOLERANCE))',
          'if (at > plus(this.deps.clock.now(), CLOCK_TOLERANCE + CLOCK_TOLERANCE))',
        ),
      },
    ],
  },
  {
    id: 'attack 29',
    where: 'any group',
    what: 'an author approves their own proposal, and nobody else has to',
    proofs: [
      {
        file: 'test/namespace/quorum.test.ts',
        name: 'of the proposer alone does not carry what is sensitive',
        check: 'somebody other than the author has approved',
        without: edit(
          'src/namespace/ballot.ts',
          'isSeconded(group, controllers, ballot)\n',
          'true\n',
        ),
      },
    ],
  },
  {
    id: 'attack 31',
    where: 'any tree of scopes',
    what: 'an entry is moved into the scope of others without their consent',
    proofs: [
      {
        file: 'test/namespace/quorum.test.ts',
        name: 'both decide about what moves from one to the other',
        check: 'the voters of the place it would be in are asked too',
        without: edit(
          'src/namespace/standing.ts',
          'return uid === proposal.scope.uid ? undefined : { group, scope: uid }',
          'return undefined',
        ),
      },
    ],
  },
  {
    id: 'attack 36',
    where: 'any group',
    what: 'weights are changed so that one voter decides alone',
    proofs: [
      {
        file: 'test/namespace/sound-group.test.ts',
        name: 'one voter who reaches the threshold alone, unsaid',
        check: 'no voter reaches a threshold alone unless the group says that it is solo',
        without: edit(
          'src/namespace/sound-group.ts',
          'if (alone && !group.solo) {',
          'if (false) {',
        ),
      },
    ],
  },
  {
    id: 'attack 66',
    where: 'any tree of scopes',
    what: 'a voter of one scope gives evidence against themselves, and takes the voters of another along',
    proofs: [
      {
        file: 'test/namespace/evidence.test.ts',
        name: 'is of the group that it suspends a voter of, and of no other',
        check: 'the group is that of the scope which the proposal names, and the proposal waits',
        without: [
          {
            file: 'src/namespace/fold-evidence.ts',
            find: 'import { subjectOf } from',
            replace: 'import { responsibleFor, subjectOf } from',
          },
          {
            file: 'src/namespace/fold-evidence.ts',
            find: 'const { group } = scope ?? {}',
            replace: 'const { group } = responsibleFor(state, first.row.proposal)',
          },
          {
            file: 'src/namespace/fold-evidence.ts',
            find: ' || !isUpToVoters(state, row, now)',
            replace: '',
          },
        ],
      },
    ],
  },
  {
    id: 'attack 67',
    where: 'any group',
    what: "a key listed under a voter's name in another group votes in that voter's place, or keeps them from voting",
    proofs: [
      {
        file: 'test/namespace/one-name.test.ts',
        name: 'is two voters where it is two keys: neither votes in the place of the other',
        check: 'the number of a vote is of its voter in the group that knows the key',
        without: edit(
          'src/namespace/ballot.ts',
          'vote.voter === voter && vote.in.some((side) => sides.includes(side))',
          'vote.voter === voter && sides.length > 0',
        ),
      },
      {
        file: 'test/namespace/one-name.test.ts',
        name: 'has its own vote about what moves from one to the other',
        check: 'a vote takes the place of one of the same group',
        without: edit(
          'src/namespace/ballot.ts',
          'one.in.filter((side) => !vote.in.includes(side))',
          'one.in.filter(() => false)',
        ),
      },
    ],
  },
  {
    id: 'attack 68',
    where: 'any tree of scopes',
    what: 'the voters who were asked about a move are exchanged for others of the same names',
    proofs: [
      {
        file: 'test/namespace/one-name.test.ts',
        name: 'is for the voters who were asked, and stale when others would decide there',
        check: 'a proposal names the second group by its scope and revision when it is opened',
        without: edit(
          'src/namespace/standing.ts',
          "if (!isSecondAsAsked(state, row)) return 'stale'\n",
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 69',
    where: 'any group',
    what: 'two proposals that cannot both happen are approved by one voter: several changes, and one of them alone',
    proofs: [
      {
        file: 'test/namespace/together.test.ts',
        name: 'is the rival of one of its changes that is proposed alone',
        check: 'several changes together hold the place of each of them',
        without: edit(
          'src/namespace/pending.ts',
          'return [...new Set(all)]',
          'return all.slice(all.length)',
        ),
      },
    ],
  },
  {
    id: 'attack 70',
    where: 'any group',
    what: 'a key that has ended signs a vote of the time before',
    proofs: [
      {
        file: 'test/namespace/key-ends.test.ts',
        name: 'signs nothing that counts, whatever time its statement names',
        check: "the key is in use at the log's time too",
        without: edit(
          'src/namespace/fold-vote.ts',
          'statement, cast, record.ts)',
          'statement, cast)',
        ),
      },
    ],
  },
  {
    id: 'attack 71',
    where: 'changes made together',
    what: 'one change sets a guard that stops those after it: they are made in part, or nothing else is',
    proofs: [
      {
        file: 'test/namespace/together.test.ts',
        name: 'are not made, and their votes are kept',
        check: 'all of them are tried on a draft of their own first',
        without: [
          ...edit(
            'src/namespace/take-effect.ts',
            'const trial = new DraftLog(draft.state)',
            'const trial = draft',
          ),
          ...edit('src/namespace/take-effect.ts', '  draft.adopt(trial)\n', ''),
        ],
      },
    ],
  },
  {
    id: 'attack 72',
    where: 'changes made together',
    what: 'whoever writes the log leaves out all but the first of the changes that were voted about',
    proofs: [
      {
        file: 'test/namespace/together.test.ts',
        name: 'takes nothing else before the others',
        check: 'the record after one of them is the next of them',
        without: edit(
          'src/namespace/fold-record.ts',
          'if (unfinished !== undefined && !isNext) {',
          'if (false) {',
        ),
      },
    ],
  },
  {
    id: 'attack 73',
    where: 'any log',
    what: 'the proposal of an entry that is retired is brought again, and takes its place under its uid',
    proofs: [
      {
        file: 'test/namespace/uid-once.test.ts',
        name: 'is not made again by the proposal that made it',
        check: 'what is created has a uid that nothing ever had',
        without: edit(
          'src/namespace/decide.ts',
          'return subjectOf(state, { subject: { alias, uid: created } })\n',
          'return undefined\n',
        ),
      },
    ],
  },
  {
    id: 'attack 301',
    where: 'any tree of scopes',
    what: 'a sensitive vote undoes a suspended scope: it moves an entry out, or gives it something there',
    proofs: [
      {
        file: 'test/namespace/suspended-scope.test.ts',
        name: 'moves nothing out of it by a sensitive vote',
        check: 'below a suspended scope only what takes away takes effect',
        without: edit(
          'src/namespace/effect/effect-of.ts',
          'return free.ok ? wanted : free',
          'return wanted',
        ),
      },
      {
        file: 'test/namespace/suspended-scope.test.ts',
        name: 'is not given by a grant for emergencies either',
        check: 'nor does the use of a grant',
        without: edit('src/namespace/effect/emergency.ts', '  if (!active.ok) return active\n', ''),
      },
    ],
  },
]
