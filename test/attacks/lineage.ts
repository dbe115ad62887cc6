import { type Attack, edit } from './attack.js'

const walk = 'src/verify/lineage.ts'
const count = 'src/verify/count-then.ts'
const bundle = 'src/verify/verify-bundle.ts'
const rules = 'src/verify/voted-rules.ts'
const classes = 'src/verify/class-known.ts'
const left = 'src/verify/scope-then.ts'
const standing = 'src/namespace/standing.ts'

const ofVector = (
  id: string,
  {
    what,
    check,
    without,
  }: Pick<Attack, 'what'> & Pick<Attack['proofs'][number], 'check' | 'without'>,
): Attack => ({
  id,
  where: 'bundles',
  what,
  proofs: [
    { file: 'test/verify/bundle-vectors.test.ts', name: id, written: '$what', check, without },
  ],
})

const times = 'src/verify/vote-time.ts'
const evidence = 'src/verify/verify-evidence.ts'

const provedBy = (
  name: string,
  proof: Pick<Attack['proofs'][number], 'check' | 'without'>,
): Attack['proofs'][number] => ({
  file: 'test/verify/when-and-against.test.ts',
  name: `refuses ${name}`,
  written: name,
  ...proof,
})

/** What whoever holds the key of the log may show of those who decided, when their group has changed since. */
export const lineageAttacks: readonly Attack[] = [
  ofVector('a change of a group that one of two did not sign', {
    what: 'a vote of somebody whose group has changed since, under a signature of zeros',
    check: 'each vote is signed by a voter of a group that there was',
    without: edit(
      count,
      'return voter && signs(voter, envelope, ...times)',
      'return voter && times.length > 0',
    ),
  }),
  ofVector('a proposal that its author did not sign', {
    what: 'voters are said to have been asked by somebody who asked nothing',
    check: 'who proposed it might when it was opened, and signed it',
    without: edit(
      count,
      'if (!author || !signs(author, statement, proposal.created, (opened?.record ?? record).ts)) {',
      'if (!author || !statement) {',
    ),
  }),
  ofVector('evidence that the voter did not sign', {
    what: 'a voter is suspended for a vote that somebody else made up',
    check: 'both votes against each other are signed by a voter who was active',
    without: edit(
      'src/verify/verify-evidence.ts',
      'signs(voter, envelopes[at], cast, record.ts)',
      'cast > 0',
    ),
  }),
  ofVector('no lineage', {
    what: 'a bundle in which nobody can count anything again',
    check: 'it is refused unless the log is trusted with it',
    without: edit(
      bundle,
      'if (trustLog !== true) return',
      'if (trustLog === undefined && !entry) return',
    ),
  }),
  ofVector('a rule that nobody is shown to have made', {
    what: 'a rule in the state that the log signs, about which nobody voted',
    check: 'of each rule the change that made it is shown',
    without: edit(
      rules,
      'state.rules.find((one) => !isShownToBeMade(one, commits))',
      'state.rules.find(({ id }) => !id)',
    ),
  }),
  {
    id: 'attack 302',
    where: 'bundles',
    what: 'the holder of the log key puts a traffic split into an entry, other weights into one, or a second rule or split beside the one that was voted',
    proofs: [
      {
        file: 'test/verify/voted-splits.test.ts',
        name: 'puts a split into the entry that no shown change made',
        check: 'of each traffic split the change that made it is shown',
        without: edit(
          rules,
          'const split = splitOfNobody(state, commits)',
          'const split = splitOfNobody({ ...state, splits: [] }, commits)',
        ),
      },
      {
        file: 'test/verify/voted-splits.test.ts',
        name: 'puts other weights into the split that voters made',
        check: 'and it is the split that was voted about',
        without: edit(bundle, 'if (!splitsAreAsVoted(state, ofEntry)) {', 'if (!ofEntry.length) {'),
      },
      {
        file: 'test/verify/voted-splits.test.ts',
        name: 'puts in another rule of a voted id',
        check: 'no rule or split is there a second time',
        without: edit(bundle, 'if (!isEachOnce(state)) return', 'if (!state.uid) return'),
      },
    ],
  },
  {
    id: 'attack 303',
    where: 'bundles',
    what: 'one voter and the holder of the log key say of a rule, a traffic split or an owner that only some may change that it was a lighter change than it is',
    proofs: [
      {
        file: 'test/verify/class-known.test.ts',
        name: 'says that a rule was narrowed, which was widened',
        check: 'what a rule or a split was before says of which class the change is',
        without: edit(classes, 'if (isWithin === false) {', 'if (isWithin === false && !commit) {'),
      },
      {
        file: 'test/verify/class-known.test.ts',
        name: 'leaves out what it was before',
        check: 'where that is not shown, the votes are enough for the gravest class of it',
        without: edit(rules, 'classBy === undefined &&', "(classBy ?? 'log') === 'log' &&"),
      },
      {
        file: 'test/verify/class-known.test.ts',
        name: 'says that a split was weighed anew, which got another backend',
        check: 'of a split likewise',
        without: edit(
          'src/verify/voted-splits.ts',
          'return voted === undefined || classBy !== undefined',
          'return voted === undefined',
        ),
      },
      {
        file: 'test/verify/class-known.test.ts',
        name: 'goes on from what only it calls narrower',
        check: 'nothing follows from a change that too few voted for',
        without: edit(classes, 'if (isKnown) this.#rules.set(', 'if (seq >= 0) this.#rules.set('),
      },
    ],
  },
  ofVector('a group that only its own voters want', {
    what: 'a change of a group that those who decide have not agreed to',
    check: 'those who decide now are counted',
    without: edit(
      standing,
      "present: count(present, 'present', ballot),",
      "present: count(second ?? present, second ? 'second' : 'present', ballot),",
    ),
  }),
  ofVector('a group that only those before it want', {
    what: 'voters who have never agreed to be any',
    check: 'and those who would decide',
    without: edit(count, "if (outcome !== 'passed') {", "if (present.outcome !== 'passed') {"),
  }),
  ofVector('a lineage without its first step', {
    what: 'a change of a scope is not shown',
    check: 'each record names the one before, and says what it found and left; at the end it is so',
    without: [
      ...edit(
        walk,
        'if (record.rev !== at + 1 || record.prev !== before) {',
        'if (record.rev < at + 1 || before === undefined) {',
      ),
      ...edit(walk, 'if (!isAsItIs) return', 'if (!isAsItIs && scopes.length === 0) return'),
      ...edit(
        left,
        '  return isSame(record, expected) ? ok(put) : notTrue(record)\n}\n\nfunction effectThen(',
        '  return expected ? ok(put) : notTrue(record)\n}\n\nfunction effectThen(',
      ),
      ...edit(
        left,
        'envelopes })\n  return isSame(record, expected) ? ok(put)',
        'envelopes })\n  return expected ? ok(put)',
      ),
    ],
  }),
  ofVector('a move that is left out', {
    what: 'what others decided about a name goes on where it was never let in',
    check: 'an entry that had another alias shows how it came to this one',
    without: edit(
      walk,
      'if (before !== undefined && from !== before) {',
      'if (before !== undefined && from === undefined) {',
    ),
  }),
  ofVector('a change by a voter who is suspended', {
    what: 'the vote of somebody who was found to have said both before',
    check: 'only those count who were active at its time',
    without: [
      ...edit(
        'src/namespace/ballot.ts',
        "const eligible = group.voters.filter(({ status }) => status === 'active')",
        'const eligible = group.voters.filter(({ status }) => status.length > 0)',
      ),
      ...edit(
        'src/namespace/group.ts',
        "  status === 'active' && !isBraked({ brake }, at)",
        '  status.length > 0 && !isBraked({ brake }, at)',
      ),
    ],
  }),
  ofVector('a log that asks fewer voters', {
    what: 'a change is called narrowing, for which one voter is enough',
    check: 'the class is one that such a change may have',
    without: edit(
      'src/verify/verify-decision.ts',
      'if (!classesOf[part.proposal.op].includes(record.class)) {',
      'if (classesOf[part.proposal.op].length === 0) {',
    ),
  }),
  {
    id: 'attack 370',
    where: 'bundles',
    what: 'who found keys that were retired, and the log with them, decides with votes that say they are older',
    proofs: [
      provedBy('votes by keys that were over before they were asked', {
        check: 'a vote is younger than the record of the opening that it names, and so was its key',
        without: edit(
          times,
          'return asked > cast ? [cast, asked] : [cast]',
          'return asked > 0 ? [cast] : []',
        ),
      }),
      provedBy('a vote of before its proposal', {
        check: 'and it does not say that it is older than its proposal',
        without: edit(times, 'cast < created ||', 'created < 0 ||'),
      }),
      provedBy('a vote of a time after its record', {
        check: 'nor that it is younger than what it carried',
        without: edit(
          times,
          'cast > plus(record.ts, CLOCK_TOLERANCE)',
          'plus(record.ts, CLOCK_TOLERANCE) < 0',
        ),
      }),
    ],
  },
  {
    id: 'attack 371',
    where: 'bundles',
    what: 'a log whose time runs backwards: what is over is not yet, where that is useful',
    proofs: [
      provedBy('a record of a time after that of the next', {
        check: 'the time of the records that are shown does not fall',
        without: edit('src/verify/log-time.ts', 'at > 0 && ts <', 'at < 0 && ts <'),
      }),
    ],
  },
  {
    id: 'attack 372',
    where: 'bundles',
    what: 'a voter contradicts themselves where no bundle can show it, and no bundle below verifies any more; or an honest one is suspended for two votes that contradict nothing',
    proofs: [
      {
        file: 'test/verify/when-and-against.test.ts',
        name: 'takes votes for one change and for several that rule it out',
        check: 'proposals are shown where the slots of two votes do not say that they are rivals',
        without: edit(
          evidence,
          "return a.id !== b.id || a.rev !== b.rev || a.id.startsWith('changes:')",
          "return a.id === b.id && a.rev !== b.rev && a.id.startsWith('changes:')",
        ),
      },
      provedBy('votes for several changes that rule nothing out', {
        check: 'and rule each other out by what each of their changes finds',
        without: edit(
          evidence,
          'some((slot) => slots.includes(slot))',
          'some((slot) => slots.length > 0 || slot)',
        ),
      }),
    ],
  },
]
