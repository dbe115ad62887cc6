import { type Attack, edit } from './attack.js'

const tests = 'test/namespace/emergency.test.ts'
const fold = 'src/namespace/emergency/fold-emergency.ts'

/** What whoever may use an emergency grant may try with it. */
export const emergencyAttacks: readonly Attack[] = [
  {
    id: 'attack 38',
    where: 'any group with emergency grants',
    what: 'a grant is used to add a voter, or for anything else that voters decide',
    proofs: [
      {
        file: tests,
        name: 'touches no scope, no group and no other entry, whatever is asked of it',
        check: 'a grant is for two acts, and there are no others',
        without: edit(
          'src/namespace/emergency/emergency-schema.ts',
          '    act: { enum: emergencyActs },',
          "    act: { type: 'string' },\n    body: { type: 'object' },",
        ),
      },
      {
        file: tests,
        name: 'touches no scope, no group and no other entry, whatever is asked of it',
        check: 'it is used on an entry',
        without: edit(
          fold,
          '  const entry = state.entries.get(subject.uid)\n',
          '  const entry = state.entries.get(subject.uid) ?? (state.scopes.get(subject.uid) as never)\n',
        ),
      },
    ],
  },
  {
    id: 'attack 181',
    where: 'any group with emergency grants',
    what: 'a grant lifts a brake that voters put there, or what came of it',
    proofs: [
      {
        file: tests,
        name: 'takes no brake away, on an entry or a rule, also where the entry was suspended since',
        check: 'what is braked, or a rule of it, is not for grants',
        without: edit(
          'src/namespace/effect/emergency.ts',
          '  if (braked?.brake) {',
          '  if (braked?.brake && made.at < 0) {',
        ),
      },
      {
        file: tests,
        name: 'takes no brake away, on an entry or a rule, also where the entry was suspended since',
        check: 'what was suspended under a brake is held',
        without: edit(
          'src/namespace/effect/emergency.ts',
          '  if (entry.held) {',
          '  if (entry.held && at < 0) {',
        ),
      },
      {
        file: tests,
        name: 'brings back nothing that a brake was on, also where one voter detached it since',
        check: 'no call is allowed while a brake would run whose rule was detached',
        without: edit(
          'src/namespace/effect/emergency.ts',
          '  return entry.heldUntil !== undefined && made.at < entry.heldUntil\n',
          '  return entry.heldUntil !== undefined && made.at < 0\n',
        ),
      },
      {
        file: tests,
        name: 'brings back nothing that a brake was on, also where one voter detached it since',
        check: 'of several brakes the last to end counts',
        without: edit(
          'src/namespace/effect/held.ts',
          'Math.max(rule.brake.until, entry.heldUntil ?? 0)',
          'rule.brake.until',
        ),
      },
    ],
  },
  {
    id: 'attack 182',
    where: 'any group with emergency grants',
    what: 'too few, or others, use a grant; or for what, where and longer than it is for',
    proofs: [
      {
        file: tests,
        name: 'by whom it does not name',
        check: 'those who use a grant are named in it',
        without: edit(fold, '    if (!one || !who.includes(id)) {', '    if (!one) {'),
      },
      {
        file: tests,
        name: 'by who calls themselves so',
        check: 'each of them has signed, with a key of their own',
        without: edit(
          fold,
          '    if (!envelopes.some((envelope) => signs(one, envelope, created, at))) {',
          '    if (envelopes.length === 0) {',
        ),
      },
      {
        file: tests,
        name: 'by fewer people than it takes',
        check: 'they are as many as it takes',
        without: edit(fold, '  return people.size >= threshold', '  return people.size > 0'),
      },
      {
        file: tests,
        name: 'for what it is not for',
        check: 'a grant says what it is for',
        without: edit(
          fold,
          "  if (!acts.includes(act)) return outside(acts.join(', '), act)\n",
          '',
        ),
      },
      {
        file: tests,
        name: 'for what is not under it',
        check: 'a grant says where',
        without: edit(
          fold,
          "  if (!isUnder(subject.alias, under)) return outside(`what is under ${under || '/'}`, subject.alias)\n",
          '',
        ),
      },
      {
        file: tests,
        name: 'longer than it says',
        check: 'a grant says how long',
        without: edit(
          fold,
          '  if (ttl > longest) return outside(`at most ${longest} s`, `${ttl} s`)\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 183',
    where: 'any group with emergency grants',
    what: 'a voter on whom a brake is uses a grant',
    proofs: [
      {
        file: tests,
        name: 'by a voter on whom a brake is',
        check: 'voters who use a grant are active, and no brake is on them',
        without: edit(
          fold,
          'group.voters.find((one) => one.id === id && mayAct(one, at))',
          "group.voters.find((one) => one.id === id && one.status === 'active')",
        ),
      },
    ],
  },
  {
    id: 'attack 184',
    where: 'any group with emergency grants',
    what: 'what was signed once is used again, or on what is other voters’ by now',
    proofs: [
      {
        file: tests,
        name: 'on what others decide about, and what was signed is used once',
        check: 'the use of a grant names the group that decides about the entry',
        without: edit(
          fold,
          '  if (uid !== scope.uid || group.rev !== scope.rev) {',
          '  if (group.rev < 0) {',
        ),
      },
      {
        file: tests,
        name: 'on what others decide about, and what was signed is used once',
        check: 'the use of a grant names the record that it follows',
        without: edit(
          fold,
          'const isBase = base.rev === entry.rev && base.head === entry.head',
          'const isBase = base.rev > 0',
        ),
      },
    ],
  },
  {
    id: 'attack 185',
    where: 'any group with emergency grants',
    what: 'a grant is used again and again, and so for ever',
    proofs: [
      {
        file: tests,
        name: 'have a time between them and an end, whoever uses it',
        check: 'a grant has so many uses',
        without: edit(
          'src/namespace/emergency/uses.ts',
          "  if (uses.length >= most) return 'used-up'\n",
          '',
        ),
      },
      {
        file: tests,
        name: 'have a time between them and an end, whoever uses it',
        check: 'there is a time between two uses',
        without: edit(
          'src/namespace/emergency/uses.ts',
          "now < plus(last.until, coolDown) ? 'cooling-down' : 'ready'",
          "now < plus(last.until, coolDown) ? 'ready' : 'ready'",
        ),
      },
      {
        file: tests,
        name: 'are not made fresh, nor forgotten, by any other change of the group',
        check: 'a group that says nothing of its grants keeps them',
        without: edit(
          'src/namespace/default-group.ts',
          '  const emergency = asked === undefined ? before?.emergency : asked\n',
          '  const emergency = asked\n',
        ),
      },
    ],
  },
  {
    id: 'attack 186',
    where: 'any group with emergency grants',
    what: 'a grant is used, nobody says that this was right, and it is used again',
    proofs: [
      {
        file: tests,
        name: 'that nobody ratifies within a day disable the grant, for good',
        check: 'a use that nobody ratified disables the grant',
        without: edit(
          'src/namespace/emergency/uses.ts',
          "  if (uses.some((use) => !use.ratified && now >= ratifyBefore(use))) return 'disabled'\n",
          '',
        ),
      },
      {
        file: tests,
        name: 'that nobody ratifies within a day disable the grant, for good',
        check: 'nobody ratifies later',
        without: edit(
          'src/namespace/effect/ratify.ts',
          '  if (at >= ratifyBefore(use)) {',
          '  if (at < 0) {',
        ),
      },
    ],
  },
  ...(
    [
      [
        'a grant that allows a call longer than was signed',
        'a rule that a grant made is what was signed',
        'src/verify/verify-bundle.ts',
        '  if (!isAsGranted(state, commits)) return',
        '  if (commits.length === 0) return',
      ],
      [
        'a grant used by somebody else',
        'those who used a grant signed it',
        'src/verify/verify-emergency.ts',
        'if (!one || !envelopes.some((each) => signs(one, each, statement.created, record.ts))) {',
        'if (!one) {',
      ],
      [
        'a grant used for what it is not for',
        'a grant was used for what it is for',
        'src/verify/verify-emergency.ts',
        '  if (!grant || !isForIt(grant, statement)) {',
        '  if (!grant) {',
      ],
      [
        'an entry that nobody shows a grant to have reactivated',
        'what a grant reactivates has its use shown',
        'src/verify/verify-emergency.ts',
        '(entry.emergency === undefined || uses.some((use) => isReactivatedBy(entry, use)))',
        'entry.rev > 0',
      ],
      [
        'a rule that nobody shows a grant to have made',
        'a rule that a grant made has its use shown',
        'src/verify/verify-emergency.ts',
        'entry.rules.every((rule) => !rule.emergency || uses.some((use) => isMadeBy(rule, use)))',
        'entry.rev > 0',
      ],
      [
        'a grant that was used on another alias than was signed',
        'the use of a grant is about the entry as it was called',
        'src/verify/verify-emergency.ts',
        '    statement.subject.alias === record.subject.alias &&\n',
        '',
      ],
      [
        'a grant used by a group that never was',
        'the group that decided is one that there was',
        'src/verify/verify-commits.ts',
        '    if (!mayHaveDecided(context.scopes, record, one.value.op)) {',
        '    if (record.seq < 0) {',
      ],
      [
        'a grant used by a group that was over',
        'the group that decided is the one that there was',
        'src/verify/group-then.ts',
        '  return group.rev === (isSet ? latest - 1 : latest)',
        '  return group.rev <= (isSet ? latest - 1 : latest)',
      ],
      [
        'a grant that allows what a brake took, whoever detached it',
        'no use of a grant leaves the mark of a brake',
        'src/verify/verify-emergency.ts',
        '  if (use.rev === entry.rev && entry.heldUntil !== undefined) return false\n',
        '',
      ],
      [
        'a grant used by a signature of two days',
        'what was signed to use a grant is good for a day',
        'src/verify/verify-emergency.ts',
        '    isOfThisTime(statement, record.ts, LONGEST_SIGNING) &&\n',
        '    record.ts <= statement.expires &&\n',
      ],
      [
        'a grant that lets an entry go which a brake held',
        'no grant lets go what a brake held',
        'src/verify/verify-emergency.ts',
        '    (entry.emergency === undefined || entry.held === undefined) &&\n',
        '',
      ],
    ] as const
  ).map(([name, check, file, find, replace]): Attack => ({
    id: name,
    where: 'bundles',
    what: 'who holds the key of the log shows what no grant gave',
    proofs: [
      {
        file: 'test/verify/bundle-vectors.test.ts',
        name,
        written: '$what',
        check,
        without: edit(file, find, replace),
      },
    ],
  })),
]
