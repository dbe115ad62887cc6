import { type Attack, edit } from './attack.js'

/** What a voter, or whoever has a voter's key, may try with the brake, and against it. */
export const brakeAttacks: readonly Attack[] = [
  {
    id: 'attack 27',
    where: 'any group',
    what: 'a brake takes a guard away, or is put on what is suspended to let it go when it ends',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'that would widen: a guard is no rule, and what is suspended is not braked',
        check: 'of a scope only itself and its voters are braked',
        without: edit(
          'src/namespace/effect/brake.ts',
          "      if (target.rule !== undefined) return gone('rule', target.rule)\n",
          '',
        ),
      },
      {
        file: 'test/namespace/brake.test.ts',
        name: 'that would widen: a guard is no rule, and what is suspended is not braked',
        check: 'only what is active is braked',
        without: edit(
          'src/namespace/effect/brake.ts',
          `  if (!isActive) return notActive(\`the entry \${entry.alias}\`, entry.state)\n  if (isBraked(entry, at)) return already`,
          '  if (isBraked(entry, at)) return already',
        ),
      },
    ],
  },
  {
    id: 'attack 28',
    where: 'any group',
    what: 'one voter brakes everything, again and again, until nobody else may',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'more often than the group agreed on in seven days, whatever became of the others',
        check: 'brakes of the last seven days are counted',
        without: edit(
          'src/namespace/fold-brake.ts',
          'if (spent.length === 0) return ok()',
          'if (spent.length >= 0) return ok()',
        ),
      },
      {
        file: 'test/namespace/brake.test.ts',
        name: 'more often than the group agreed on in seven days, whatever became of the others',
        check: 'each voter has brakes of their own',
        without: edit(
          'src/namespace/brakes-used.ts',
          'numbersOf(state, `brake-by:${scope} ${voter}`, minus(at, BRAKE_WEEK)).length',
          'brakesUsed(state, scope, minus(at, BRAKE_WEEK)).length + 0 * voter.length',
        ),
      },
    ],
  },
  {
    id: 'attack 81',
    where: 'any group',
    what: 'one voter signs a brake with two keys, and is two voters',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'that takes a second signature by another key of the same voter',
        check: 'each of those who are named has signed, with a key of their own',
        without: edit(
          'src/namespace/fold-brake.ts',
          'if (!envelopes.some((envelope) => signs(voter, envelope, created, at))) {',
          'if (envelopes.length === 0) {',
        ),
      },
    ],
  },
  {
    id: 'attack 82',
    where: 'any group',
    what: 'a brake that was signed once is used again',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'that was used before, also when what it was on is as it was',
        check: 'a brake names the record that it follows',
        without: edit(
          'src/namespace/fold-brake.ts',
          'const isBase = base.rev === before?.rev && base.head === before.head',
          'const isBase = true',
        ),
      },
    ],
  },
  {
    id: 'attack 83',
    where: 'any group',
    what: 'somebody brakes who is no voter, is suspended or braked, or was a voter of the group before',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'of whose votes do not count: a stranger, the suspended, the braked, an older group',
        check: 'those who brake are active, and no brake is on them',
        without: edit(
          'src/namespace/fold-brake.ts',
          'if (!voter || !mayAct(voter, at)) {',
          'if (!voter) {',
        ),
      },
      {
        file: 'test/namespace/brake.test.ts',
        name: 'of whose votes do not count: a stranger, the suspended, the braked, an older group',
        check: 'a brake names the revision of its group',
        without: edit('src/namespace/fold-brake.ts', ' || group.rev !== scope.rev) {', ') {'),
      },
    ],
  },
  {
    id: 'attack 84',
    where: 'any group',
    what: 'one voter brakes all others, and nobody is left to lift it',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'that would leave nobody to lift it',
        check: 'a quorum without a brake is left',
        without: edit(
          'src/namespace/effect/brake.ts',
          "if (!passes(group, idsOf(free), 'sensitive')) {",
          'if (free.length === 0) {',
        ),
      },
    ],
  },
  {
    id: 'attack 131',
    where: 'any group',
    what: 'one of three brakes another voter first, and is then needed for everything, lifting included',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'by one of three who strikes first',
        check: 'a quorum is left without those who brake, or they are one',
        without: edit(
          'src/namespace/effect/brake.ts',
          "if (passes(group, others, 'sensitive') || passes(group, idsOf(braking), 'sensitive')) return ok()",
          'if (people.size > 0) return ok()',
        ),
      },
    ],
  },
  {
    id: 'attack 132',
    where: 'any group',
    what: 'the voters of a braked scope move what is in it to where no brake is',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'on a scope keeps everything in it that is there',
        check: 'nothing leaves a braked scope',
        without: edit(
          'src/namespace/effect/entries.ts',
          '  const free = notBraked(state, before.alias, context.at)\n  if (!free.ok) return free\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 133',
    where: 'any group',
    what: 'a braked voter takes a no back, by a vote in another group that knows the same key',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'holds in its own group for whoever is in another too',
        check: 'a vote counts in no group in which its voter is braked, unless it is a no',
        without: edit(
          'src/namespace/fold-vote.ts',
          '  const sides = heard.map(({ side }) => side)',
          '  const sides = signing.map(({ side }) => side)',
        ),
      },
    ],
  },
  {
    id: 'attack 134',
    where: 'any group',
    what: 'a stolen key approved what is due only after the brake on it, and nobody may stop that any more',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'holds what is due, which is vetoed then',
        written: 'holds what is due, which is %s then',
        check: 'what is due and not in force may be vetoed',
        without: edit(
          'src/namespace/fold-vote.ts',
          "predicate.decision === 'reject' ? mayBeStopped : isUpToVoters",
          "predicate.decision === 'reject' ? isUpToVoters : isUpToVoters",
        ),
      },
    ],
  },
  {
    id: 'attack 85',
    where: 'any group',
    what: 'one voter puts a narrower rule in the place of a braked one, and the brake is gone',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'on a rule leaves the others, and what takes its place has it too',
        check: 'what takes the place of a rule has its brake',
        without: edit('src/namespace/effect/rules.ts', ', ...(brake && { brake }) }', ' }'),
      },
    ],
  },
  {
    id: 'attack 86',
    where: 'any group',
    what: 'a voter is braked who would veto',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'keeps nobody from a veto',
        check: 'a braked voter may say no',
        without: edit(
          'src/namespace/fold-vote.ts',
          "signing.filter(({ known }) => decision === 'reject' || !isBraked(known, record.ts))",
          'signing.filter(({ known }) => !isBraked(known, record.ts))',
        ),
      },
    ],
  },
  {
    id: 'attack 87',
    where: 'any group',
    what: 'a voter whose key was stolen says yes, and it counts after all',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'does not make a quorum easier: a yes before it does not count while it lasts',
        check: 'a yes does not count while a brake is on its voter',
        without: edit(
          'src/namespace/ballot.ts',
          '.filter((voter) => mayAct(voter, ballot.at))',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 88',
    where: 'any group',
    what: 'one voter lifts the brake that another used',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'is lifted by as many as reactivate, and by no fewer',
        check: 'lifting a brake is sensitive',
        without: edit(
          'src/namespace/effect/brakes.ts',
          "return decided({ ...withoutBrake(entry), rev }, 'sensitive')",
          "return decided({ ...withoutBrake(entry), rev }, 'narrowing')",
        ),
      },
    ],
  },
  {
    id: 'attack 89',
    where: 'any group',
    what: 'a braked voter gets another name in the next group',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'goes with the key, whatever its voter is called in the next group',
        check: 'whoever keeps a key keeps the brake',
        without: edit(
          'src/namespace/effect/groups.ts',
          'voters: group.voters.map((voter) => stillBraked(voter, before)),',
          'voters: group.voters,',
        ),
      },
    ],
  },
  {
    id: 'attack 90',
    where: 'a solo index of several voters',
    what: 'who holds the log adds what a braked voter signed, proposal and vote in one record',
    proofs: [
      {
        file: 'test/namespace/brake.test.ts',
        name: 'and so is what a braked voter decides at once',
        check: 'whoever decides at once has no brake on them',
        without: [
          ...edit('src/namespace/fold-commit.ts', '    !mayAct(author, record.ts) ||\n', ''),
          ...edit(
            'src/namespace/fold-commit.ts',
            "  if (braked.some((id) => counted.voters.has(id))) return forged(record.seq, 'a vote')\n",
            '',
          ),
        ],
      },
    ],
  },
  {
    id: 'a log that leaves a brake out',
    where: 'bundles',
    what: 'who holds the key of the log shows an entry without the brake that was put on it',
    proofs: [
      {
        file: 'test/verify/bundle-vectors.test.ts',
        name: 'a log that leaves a brake out',
        written: '$what',
        check: 'where a brake made the state what it is, the state has it',
        without: edit(
          'src/verify/verify-bundle.ts',
          'if (!objects.every((state) => isAsBraked(state, commits))) {',
          'if (objects.length === 0) {',
        ),
      },
    ],
  },
  {
    id: 'a change by a group that is yet to be',
    where: 'bundles',
    what: 'who holds the key of the log says that a group decided whose keys nobody has yet',
    proofs: [
      {
        file: 'test/verify/bundle-vectors.test.ts',
        name: 'a change by a group that is yet to be',
        written: '$what',
        check: 'the group that decided is no later one',
        without: edit(
          'src/verify/group-then.ts',
          '  if (decider.seq > seq) return group.rev <= latest\n',
          '  if (decider.seq > seq) return true\n',
        ),
      },
    ],
  },
  {
    id: 'a brake by a signature of two days',
    where: 'bundles',
    what: 'who holds the key of the log keeps what voters signed, and brakes with it later',
    proofs: [
      {
        file: 'test/verify/bundle-vectors.test.ts',
        name: 'a brake by a signature of two days',
        written: '$what',
        check: 'what was signed to brake is good for a day',
        without: edit(
          'src/verify/verify-brake.ts',
          '    isOfThisTime(statement, record.ts, BRAKE_SIGNED_WITHIN) &&\n',
          '    record.ts <= statement.expires &&\n',
        ),
      },
    ],
  },
]
