import { type Attack, edit } from './attack.js'

/** What may be tried with scopes and names, and by whoever writes the log beside its owner. */
export const nameAttacks: readonly Attack[] = [
  {
    id: 'attack 17',
    where: 'any log',
    what: 'two rival changes are brought to two who write one log and do not see each other',
    proofs: [
      {
        file: 'test/store/rival-writers.test.ts',
        name: 'do not both make a change of one thing: the log that was seen is the log that is added to',
        check: 'an append is compare-and-swap; there is one log, and no partition of it',
        without: edit(
          'src/store/sqlite/index-writer.ts',
          'if (this.logSize.get()?.size !== change.from) return 0\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 20',
    where: 'any log',
    what: 'whoever wrote the log before goes on writing after another has taken over',
    proofs: [
      {
        file: 'test/store/data-directory-lock.test.ts',
        name: 'is refused to another process, also after a refusal in this one',
        check: 'one owner at a time, by a lock of the operating system that ends with its process',
        without: edit(
          'src/store/data-directory-lock.ts',
          "database.exec('BEGIN EXCLUSIVE')",
          "database.exec('BEGIN')",
        ),
      },
      {
        file: 'test/store/rival-writers.test.ts',
        name: 'are one and one who is not any more: whoever was replaced adds nothing',
        check: 'and without the lock, the log that was seen must be the log that is there',
        without: edit(
          'src/store/sqlite/index-writer.ts',
          'if (this.logSize.get()?.size !== change.from) return 0\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 21',
    where: 'C2SP tlog-tiles, and any log',
    what: 'something after the last entry of a bundle; a statement too large for whoever reads the log',
    proofs: [
      {
        file: 'test/tlog/entry-bundle.test.ts',
        name: 'is refused with one octet after the last entry',
        written: 'one octet after the last entry',
        check: 'nothing is left after the entries',
        without: edit(
          'src/tlog/entry-bundle.ts',
          "return at === octets.length ? ok(entries) : malformed('octets after the last entry')",
          'return ok(entries)',
        ),
      },
      {
        file: 'test/namespace/live-index.test.ts',
        name: 'is refused when it does not fit into a record, and leaves a log that can be read',
        check: 'what is signed has a largest size, which is looked at before it is written',
        without: edit(
          'src/namespace/dsse.ts',
          'export const MAX_ENVELOPE_BYTES = 65_536',
          'export const MAX_ENVELOPE_BYTES = 1_000_000',
        ),
      },
    ],
  },
  {
    id: 'attack 23',
    where: 'any tree of scopes',
    what: 'the voters of a scope give themselves more than the scopes above allow',
    proofs: [
      {
        file: 'test/hostile/scopes.test.ts',
        name: 'give nothing in it more than the scope has',
        check: 'an envelope is within those of all scopes above',
        without: edit(
          'src/namespace/effect/placement.ts',
          'if (field === undefined) return ok()',
          'if (field !== null) return ok()',
        ),
      },
      {
        file: 'test/hostile/scopes.test.ts',
        name: 'do not decide what the scope itself may do',
        check: 'about a scope those above it decide, but for its own voters',
        without: edit(
          'src/namespace/decide.ts',
          "const isOwn = op === 'group.set' ||",
          "const isOwn = op === 'envelope.set' || op === 'group.set' ||",
        ),
      },
    ],
  },
  {
    id: 'attack 24',
    where: 'any tree of scopes',
    what: 'a scope is given voters of whom one decides alone, below a guard that wants two people',
    proofs: [
      {
        file: 'test/hostile/scopes.test.ts',
        name: 'are bound by a guard above, though one of them decides by their own terms',
        check: 'guards above raise what every group below asks for',
        without: edit(
          'src/namespace/guard/quorum-floor.ts',
          'needed[name] = Math.max(needed[name], guard.least[name] ?? 0)',
          'needed[name] = Math.max(needed[name], 0)',
        ),
      },
    ],
  },
  {
    id: 'attack 25',
    where: 'any tree of scopes',
    what: 'a scope is narrowed while a wider change below it waits for votes',
    proofs: [
      {
        file: 'test/hostile/scopes.test.ts',
        name: 'is not made once a scope above is narrower, however many approve',
        check: 'a change is decided again on the state that it would change',
        without: edit('src/namespace/effect/envelopes.ts', 'if (!fits.ok) return fits\n', ''),
      },
    ],
  },
  {
    id: 'attack 30',
    where: 'any tree of scopes',
    what: 'a voter of one scope votes, or proposes, in the scope beside it',
    proofs: [
      {
        file: 'test/hostile/scopes.test.ts',
        name: 'have no vote, and propose nothing, in the scope of others beside theirs',
        check: 'the nearest scope above the subject decides, and no other that is named',
        without: edit(
          'src/namespace/decide.ts',
          'if (responsible.uid !== proposal.scope.uid ||',
          'if (proposal.scope.uid === undefined ||',
        ),
      },
      {
        file: 'test/hostile/scopes.test.ts',
        name: 'have no vote, and propose nothing, in the scope of others beside theirs',
        check: 'a vote is of an active voter of the group that decides',
        without: edit(
          'src/namespace/fold-vote.ts',
          'const known = group?.voters.find(',
          'const all = [...state.scopes.values()].flatMap((scope) => scope.group?.voters ?? [])\n    const known = group && all.find(',
        ),
      },
    ],
  },
  {
    id: 'attack 32',
    where: 'any namespace',
    what: 'names that imitate others or mean something where they are projected: reserved words, other alphabets, 64 characters; a name that is taken for one beside it, `paymemts` for `payments`, which is told and not refused',
    proofs: [
      {
        file: 'test/namespace/live-index.test.ts',
        name: '%j is refused (%s) for entries, scopes and clusters',
        check: 'an alias is labels of a-z, 0-9 and "-", of 63 characters at most',
        without: edit(
          'src/core/alias.ts',
          'if (!segments.every(isDnsLabel)) {',
          'if (segments.length === 0) {',
        ),
      },
      {
        file: 'test/namespace/live-index.test.ts',
        name: '%j is refused (%s) for entries, scopes and clusters',
        check: 'labels that projections give a meaning are reserved',
        without: edit(
          'src/core/alias.ts',
          'const reserved = segments.find((segment) => RESERVED.has(segment))',
          'const reserved = segments.find((segment) => segment.length === 0)',
        ),
      },
      {
        file: 'test/namespace/alike/look-alikes.test.ts',
        name: 'is told, of entries and scopes, and stands in the way of nothing',
        check: 'a new name is compared with those beside it, a letter more or less or another',
        without: edit(
          'src/namespace/alike/resembles.ts',
          '    isWithinOneEdit(a.skeleton, b.skeleton)\n',
          '    a.skeleton === b.skeleton\n',
        ),
      },
      {
        file: 'test/namespace/alike/look-alikes.test.ts',
        name: 'is told where it looks the same in a terminal',
        check: 'characters that look alike count as the same',
        without: edit(
          'src/namespace/alike/resembles.ts',
          'text.replaceAll(/rn|vv|[01i]/g, (found) => FOLDED[found] ?? found)',
          'text',
        ),
      },
      {
        file: 'test/namespace/alike/look-alikes.test.ts',
        name: 'is told where it is only above what is made, and nobody has made it a scope',
        check: 'every segment that is new is compared, not the last alone',
        without: edit(
          'src/namespace/alike/look-alikes.ts',
          'for (const alias of object ? upTo(object.alias) : []) {',
          'for (const alias of object ? upTo(object.alias).slice(-1) : []) {',
        ),
      },
      {
        file: 'test/namespace/questions/impact.test.ts',
        name: 'says so, and has another digest for it',
        check: 'the impact that a vote names says what a new name resembles',
        without: edit(
          'src/namespace/questions/impact.ts',
          '    ...(alike.found.length > 0 && { lookAlikes: alike.found }),\n',
          '',
        ),
      },
      {
        file: 'test/cli/voting.test.ts',
        name: 'is shown what a name looks like before it is signed',
        check: 'and it is shown before anything is signed',
        without: edit(
          'src/cli/commands/impact-screen.ts',
          "    ['looks like', alike.map((one) => look.paint('yellow', renderLookAlike(one)))],\n",
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 33',
    where: 'any namespace',
    what: 'the name of what was retired is taken again while its certificates live',
    proofs: [
      {
        file: 'test/namespace/live-index.test.ts',
        name: 'keeps the alias of a retired entry from others until its last certificate is gone',
        check: 'names that were given up are quarantined until nothing valid carries them',
        without: edit(
          'src/namespace/state.ts',
          'if (quarantine && quarantine.uid !== uid && now < quarantine.until) {',
          'if (quarantine && now < 0) {',
        ),
      },
    ],
  },
  {
    id: 'attack 34',
    where: 'any namespace',
    what: 'a service account is moved to another entry while certificates of the first carry its name',
    proofs: [
      {
        file: 'test/namespace/live-index.test.ts',
        name: 'keeps a removed binding from other entries, and gives it back to its own',
        check: 'a binding that is removed is quarantined with its names',
        without: edit(
          'src/namespace/effect/bindings.ts',
          'effect: { put: unbound, quarantine: quarantine(given, entry.uid, drainEnd(context)) },',
          'effect: { put: unbound, quarantine: quarantine(given, entry.uid, context.at) },',
        ),
      },
      {
        file: 'test/namespace/live-index.test.ts',
        name: 'keeps a projected name from other entries, whatever cluster it comes by',
        check: 'and so is every name that it is projected to',
        without: edit(
          'src/namespace/effect/entries.ts',
          'quarantine: quarantine(keysOf(state, entry), entry.uid, drainUntil),',
          "quarantine: quarantine(keysOf(state, entry).filter((key) => !key.startsWith('name:')), entry.uid, drainUntil),",
        ),
      },
    ],
  },
  {
    id: 'attack 35',
    where: 'any group',
    what: 'a group is changed by those who would be in it, without those who are',
    proofs: [
      {
        file: 'test/namespace/quorum.test.ts',
        name: 'change a group below by its own voters and the new ones, or by those above',
        check: 'the group that is and the group that would be each carry it',
        without: edit(
          'src/namespace/standing.ts',
          "present: count(present, 'present', ballot),",
          "present: count(second ?? present, second ? 'second' : 'present', ballot),",
        ),
      },
    ],
  },
]
