import { type Attack, edit } from './attack.js'

const tests = 'test/namespace/recovery.test.ts'
const fold = 'src/namespace/recovery/fold-recovery.ts'
const vectors = 'test/verify/bundle-vectors.test.ts'
const verifier = 'src/verify/verify-recovery.ts'

/** What whoever holds a recovery set, or part of one, may try; and what is tried against it. */
export const recoveryAttacks: readonly Attack[] = [
  {
    id: 'attack 37',
    where: 'any group with a recovery set',
    what: 'a recovery is started quietly at a weekend, and is over before anybody is there to see it',
    proofs: [
      {
        file: tests,
        name: 'gives a scope other voters after its delay, and not a second before',
        check: 'a recovery takes effect after its delay',
        without: edit(fold, "  if (standing === 'waiting') {", "  if (standing === 'lapsed') {"),
      },
      {
        file: tests,
        name: 'goes by the log: a record of before its time does not belong there, whoever writes it',
        check: 'the fold compares the time of the record',
        without: edit(
          fold,
          'const standing = recoveryStanding(recovery, at)',
          'const standing = recoveryStanding({ ...recovery, due: at }, at)',
        ),
      },
      {
        file: tests,
        name: 'needs more than half, each another person, keys that nobody votes with, and a weekend',
        check: 'no delay is shorter than a weekend',
        without: edit(
          'src/namespace/recovery/recovery.ts',
          'SHORTEST_DELAY: Seconds = hours(64)',
          'SHORTEST_DELAY: Seconds = hours(1)',
        ),
      },
    ],
  },
  {
    id: 'attack 171',
    where: 'any group with a recovery set',
    what: 'a recovery that a voter stopped is finished after all',
    proofs: [
      {
        file: tests,
        name: 'is stopped by any one voter who is left, and the set waits then',
        check: 'what was stopped is over',
        without: edit(
          'src/namespace/recovery/recovery.ts',
          "  if (mark.cancelled !== undefined) return 'cancelled'\n",
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 172',
    where: 'any group with a recovery set',
    what: 'who has stolen the set starts recoveries again and again, so that no vote against it comes to its end',
    proofs: [
      {
        file: tests,
        name: 'is stopped by any one voter who is left, and the set waits then',
        check: 'after a no the set waits',
        without: edit(
          fold,
          '  if (again === undefined || at >= again) return ok()',
          '  if (again === undefined || at > 0) return ok()',
        ),
      },
    ],
  },
  {
    id: 'attack 173',
    where: 'any group with a recovery set',
    what: 'somebody who is no voter keeps a scope from being recovered',
    proofs: [
      {
        file: tests,
        name: 'is not stopped by who may not: strangers, holders, too few for a brake',
        check: 'a no is signed by those it names',
        without: edit(
          fold,
          'if (!envelopes.some((envelope) => signs(voter, envelope, created, at))) {',
          'if (envelopes.length === 0) {',
        ),
      },
      {
        file: tests,
        name: 'is not stopped by who may not: strangers, holders, too few for a brake',
        check: 'a no takes what a brake takes',
        without: edit(
          fold,
          "if (!brakeOf(group) || passes(group, new Set(voters), 'emergency')) return ok()",
          'if (voters.length > 0) return ok()',
        ),
      },
    ],
  },
  {
    id: 'attack 174',
    where: 'any group with a recovery set',
    what: 'a recovery replaces a group that came after the one that it was about',
    proofs: [
      {
        file: tests,
        name: 'ends when those who decide set another group meanwhile',
        check: 'another group ends the recovery of the one before',
        without: edit('src/namespace/effect/groups.ts', '...withoutRecovery(scope)', '...scope'),
      },
    ],
  },
  {
    id: 'attack 175',
    where: 'any group with a recovery set',
    what: 'too few of a set, others than the set, or one of it twice, replace all voters',
    proofs: [
      {
        file: tests,
        name: 'by fewer than the threshold',
        check: 'as many sign as the set asks for',
        without: edit(
          fold,
          'return holders.length >= set.value.threshold',
          'return holders.length > 0',
        ),
      },
      {
        file: tests,
        name: 'by another set that calls itself so',
        check: 'each of those who are named has signed, with a key of the set',
        without: edit(
          fold,
          'if (!envelopes.some((envelope) => signs(holder, envelope, created, at))) {',
          'if (envelopes.length === 0) {',
        ),
      },
      {
        file: tests,
        name: 'for holders as voters, with the keys of the set',
        check: 'no key is a voter and a holder',
        without: edit(
          'src/namespace/sound-group.ts',
          '      if (seen.has(thumbprint)) {',
          '      if (seen.has(`${holder.id} ${thumbprint}`)) {',
        ),
      },
      {
        file: tests,
        name: 'that changes the recovery set',
        check: 'a recovery says nothing about its set',
        without: edit(
          'src/namespace/recovery/recovery-schema.ts',
          'const { recovery: _set, emergency: _grants, ...terms } = group.properties',
          'const { emergency: _grants, ...terms } = group.properties',
        ),
      },
      {
        file: tests,
        name: 'for a group that is not sound',
        check: 'the group that is to be is one that might be voted for',
        without: edit(
          fold,
          '  const sound = mayDecide(state, scope, statement)\n  if (!sound.ok) return sound\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 176',
    where: 'any group with a recovery set',
    what: 'what a set signed once starts a second recovery',
    proofs: [
      {
        file: tests,
        name: 'again by what was signed once',
        check: 'a recovery names the record that it follows',
        without: edit(
          fold,
          'if (base.rev !== scope.rev || base.head !== scope.head || from !== scope.group.rev) {',
          'if (from !== scope.group.rev) {',
        ),
      },
    ],
  },
  {
    id: 'attack 177',
    where: 'any group with a recovery set',
    what: 'the set of one scope gives another scope voters',
    proofs: [
      {
        file: tests,
        name: 'of a scope below by the set of the root, nor of one that others decide about',
        check: 'a group without a set is recovered by nobody',
        without: edit(
          'src/namespace/recovery/recovered.ts',
          '  if (group.recovery) return ok(group.recovery)\n',
          '  if (group.recovery ?? group.proposers === undefined)\n    return ok(group.recovery ?? { holders: [], threshold: 0, delay: 0 as never })\n',
        ),
      },
    ],
  },
  {
    id: 'attack 178',
    where: 'any group with a recovery set',
    what: 'one person, or somebody who only ever said that they want to vote, is a recovery set',
    proofs: [
      {
        file: tests,
        name: 'needs more than half, each another person, keys that nobody votes with, and a weekend',
        check: 'each holder is another person',
        without: edit(
          'src/namespace/recovery/sound-recovery.ts',
          '  if (twice !== undefined) {',
          '  if (twice === "") {',
        ),
      },
      {
        file: tests,
        name: 'needs more than half, each another person, keys that nobody votes with, and a weekend',
        check: 'a key is enrolled in the role that it has',
        without: edit(
          'src/namespace/enrolment.ts',
          "    ...(role !== undefined && role !== 'voter' && { role }),\n",
          '',
        ),
      },
      {
        file: tests,
        name: 'needs more than half, each another person, keys that nobody votes with, and a weekend',
        check: 'more than half of the set replace voters',
        without: edit(
          'src/namespace/recovery/sound-recovery.ts',
          '  if (threshold < least || threshold > holders.length) {',
          '  if (threshold > holders.length) {',
        ),
      },
    ],
  },
  {
    id: 'attack 179',
    where: 'any group with a recovery set',
    what: 'a voter who was suspended for two votes against each other votes again after a recovery',
    proofs: [
      {
        file: tests,
        name: 'lets nobody vote again whom evidence suspended, whatever that leaves',
        check: 'whoever keeps a key stays suspended',
        without: edit(
          'src/namespace/recovery/recovered.ts',
          "  return was ? { ...voter, status: 'suspended' } : voter",
          '  return was ? { ...voter } : voter',
        ),
      },
    ],
  },
  {
    id: 'a recovery that takes a suspension back',
    where: 'bundles',
    what: 'who holds the key of the log shows a voter as active whom evidence had suspended before',
    proofs: [
      {
        file: vectors,
        name: 'a recovery that takes a suspension back',
        written: '$what',
        check: 'a bundle that shows evidence shows those suspended whose keys signed it',
        without: edit(
          verifier,
          '        keepsSuspensions(group, commits.slice(commits.indexOf(start)))',
          '        commits.includes(start)',
        ),
      },
    ],
  },
  ...(
    [
      [
        'a recovery by another set',
        'those who signed a recovery are of the set',
        'if (!holder || !envelopes.some((envelope) => signs(holder, envelope, created, at))) {',
        'if (!holder) {',
      ],
      [
        'a recovery before its time',
        'a finish is not before the delay is over',
        'if (record.ts < due || record.ts >= plus(due, FINISH_WITHIN)) {',
        'if (record.ts >= plus(due, FINISH_WITHIN)) {',
      ],
      [
        'a recovery whose end by a voter is not shown',
        'each record names the one before',
        '    if (recordHash(encodeRecord(one)) !== next.prev) return undefined\n',
        '',
      ],
      [
        'a recovery of another scope',
        'a recovery is about the scope of its record',
        '    statement.subject.uid === record.subject.uid &&\n    statement.subject.alias === record.subject.alias &&\n    statement.from === record.group.rev\n',
        '    statement.from === record.group.rev\n',
      ],
      [
        'a recovery on another base',
        'a recovery names the record that it follows',
        '    statement?.base.head === record.prev &&\n    statement.base.rev + 1 === record.rev &&\n',
        '    statement !== undefined &&\n',
      ],
      [
        'a recovery that makes another group',
        'the group is the one that was signed',
        '        isSameGroup(group, statement.group) &&\n',
        '',
      ],
      [
        'a recovery that waits, and that the scope says nothing of',
        'a scope that says nothing of a recovery has a group of after it',
        'if (!mark) return steps.every(({ record }) => groupAfter(record) < latest)',
        'if (!mark) return true',
      ],
      [
        'a recovery that waits though it was stopped',
        'a scope says that its recovery was stopped',
        '  if (stopped && again === undefined) return false\n',
        '',
      ],
      [
        'a recovery of an entry',
        'a recovery is of a scope that is shown',
        '    context.scopes.some(({ scope }) => scope.uid === record.subject.uid) &&\n',
        '',
      ],
      [
        'a recovery though voters set another group',
        'no group was set between start and finish',
        "    if (verified.op === 'group.set') return undefined\n",
        '',
      ],
      [
        'a recovery of another alias',
        'a recovery names the scope as its record does',
        '    statement.subject.alias === record.subject.alias &&\n    statement.from === record.group.rev\n',
        '    statement.from === record.group.rev\n',
      ],
      [
        'a recovery by a set of which one is enough',
        'a set is one that voters might have named',
        'if (!group?.recovery || !isSoundRecovery(group).ok) return false',
        'if (!group?.recovery) return false',
      ],
      [
        'a recovery that was signed for more than a week',
        'what is signed is over after a week',
        '    isOfThisTime(statement, record.ts, LONGEST_SIGNING)\n',
        '    isOfThisTime(statement, record.ts, LONGEST_SIGNING + LONGEST_SIGNING as never)\n',
      ],
    ] as const
  ).map(([name, check, find, replace]): Attack => ({
    id: name,
    where: 'bundles',
    what: 'who holds the key of the log shows voters that no recovery set named, or too soon',
    proofs: [
      {
        file: vectors,
        name,
        written: '$what',
        check,
        without: edit(verifier, find, replace),
      },
    ],
  })),
  {
    id: 'a recovery that is finished though a voter stopped it',
    where: 'bundles',
    what: 'who holds the key of the log finishes a recovery that a voter stopped',
    proofs: [
      {
        file: vectors,
        name: 'a recovery that is finished though a voter stopped it',
        written: '$what',
        check: 'nobody stopped it between start and finish, and a recovery ends once',
        without: [
          ...edit(
            verifier,
            "    if (one.kind === 'recovery-cancel' || one.kind === 'recovery-finish') return undefined\n",
            '',
          ),
          ...edit(
            verifier,
            '  const [start, end, ...more] = begun < 0 ? [] : steps.slice(begun)',
            '  const [start] = begun < 0 ? [] : steps.slice(begun)\n  const [end, ...more] = steps.slice(-1)',
          ),
        ],
      },
    ],
  },
]
