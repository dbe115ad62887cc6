import { type Attack, edit } from './attack.js'

const file = 'test/verify/verify-answer.test.ts'
const verifier = 'src/verify/verify-answer.ts'
const logFile = 'test/monitor/verify-log-answer.test.ts'
const logVerifier = 'src/monitor/verify-log-answer.ts'

/** What whoever hands on an answer with its proof may try against those who verify it. */
export const answerAttacks: readonly Attack[] = [
  {
    id: 'attack 155',
    where: 'any history',
    what: 'a change that was made is left out of what is shown of an entry',
    proofs: [
      {
        file,
        name: 'has no gap, at the beginning or between',
        check: 'revisions follow each other, and each record names the one before',
        without: edit(
          verifier,
          'if (record.rev !== at + 1 || record.prev !== before) {',
          'if (record.rev < at) {',
        ),
      },
    ],
  },
  {
    id: 'attack 156',
    where: 'any policy engine',
    what: 'an answer about a time at which another state held, or that has not come',
    proofs: [
      {
        file,
        name: 'is of a time that the bundles say something about',
        check: 'the time is not before the last record that the state follows from',
        without: edit(
          verifier,
          'bundles.some(({ last }) => at < last.record.ts)',
          'bundles.length === 0',
        ),
      },
      {
        file,
        name: 'is of one state, and not of two that never were together',
        check: 'both bundles are of one checkpoint',
        without: edit(
          verifier,
          'if (caller.size !== callee.size || !sameHash(caller.root, callee.root)) {',
          'if (caller.size < 0) {',
        ),
      },
    ],
  },
  {
    id: 'attack 157',
    where: 'any policy engine',
    what: 'true bundles of other entries under the question that was asked',
    proofs: [
      {
        file,
        name: 'is of these two, in this order',
        check: 'the question names the entries of the bundles',
        without: edit(
          verifier,
          'if (caller.entry.alias !== question.caller || callee.entry.alias !== question.callee) {',
          'if (caller.entry.alias === callee.entry.alias) {',
        ),
      },
    ],
  },
  {
    id: 'attack 158',
    where: 'any log',
    what: 'an answer with a log that is not the one that was signed, or only a part of it',
    proofs: [
      {
        file: logFile,
        name: 'another history that comes to the same state is of another root',
        check: 'the records come to the root of the checkpoint',
        without: edit(
          logVerifier,
          'if (!sameHash(rangeRoot(range), root)) {',
          'if (!sameHash(root, root)) {',
        ),
      },
      {
        file: logFile,
        name: 'a root that nobody signed, over records of somebody else, is refused',
        check: 'the log has signed its checkpoint',
        without: edit(
          'src/tlog/note.ts',
          'return holds(key, Buffer.from(text), signature) ? { key } : undefined',
          'return signature.length === 64 ? { key } : undefined',
        ),
      },
      {
        file: logFile,
        name: 'fewer records than were signed, and more, are refused',
        check: 'there are as many records as the checkpoint covers',
        without: edit(
          logVerifier,
          'if (seq === size) return malformed(`more than the ${size} records of its checkpoint`)',
          'if (seq === size) break',
        ),
      },
      {
        file: logFile,
        name: 'a signed log whose records do not hold is refused, by whatever its key signs',
        check: 'every record is folded again, with its signatures and votes',
        without: edit(logVerifier, 'if (!folded.ok) {', 'if (!folded.ok && size === 0) {'),
      },
      {
        file: logFile,
        name: 'a signed state that the records do not come to is refused',
        check: 'what the records come to is the state that was signed',
        without: edit(
          logVerifier,
          'if (sameHash(root, stateRoot)) return ok()',
          'if (root.length === stateRoot.length) return ok()',
        ),
      },
      {
        file: logFile,
        name: 'a log of another index is refused, whatever the first line calls it',
        check: 'the genesis is that of the index that is meant',
        without: edit(
          logVerifier,
          'if (index !== indexId) return otherIndex(indexId, index)\n  if (unfinished',
          'if (index === undefined) return otherIndex(indexId, index)\n  if (unfinished',
        ),
      },
      {
        file: logFile,
        name: 'an answer of a time before the last record, or to come, is refused',
        check: 'the time of the question is one that the log says something about',
        without: edit(logVerifier, 'if (at < last) {', 'if (last < 0) {'),
      },
      {
        file: logFile,
        name: 'a log that is ahead of the clock of whoever verifies it is refused',
        check: 'an answer is not of a time that has not come, and as old as it may be',
        without: edit(
          logVerifier,
          'if (!fresh.ok) return fresh',
          'if (!fresh.ok && size < 0) return fresh',
        ),
      },
    ],
  },
  {
    id: 'attack 316',
    where: 'any history',
    what: 'a question about many rules, each of which has the whole history of a group read again',
    proofs: [
      {
        file: 'test/namespace/authorisation.test.ts',
        name: 'without what else was changed, each group looked for once',
        check: 'a revision of a group is looked for once in an answer',
        without: edit(
          'src/namespace/group-then.ts',
          'if (known) return known',
          'if (known && !key) return known',
        ),
      },
    ],
  },
  {
    id: 'attack 317',
    where: 'any server that limits its callers',
    what: 'an answer that is held back while the server is asked, again and again, for a remark beside it',
    proofs: [
      {
        file: 'test/compose/operator-connections.test.ts',
        name: 'waits for nothing beside an answer that is there',
        check: 'what is asked beside an answer is asked once',
        without: edit('src/reader/https-caller.ts', ' || call.withinMs !== undefined', ''),
      },
    ],
  },
  {
    id: 'attack 318',
    where: 'any command line',
    what: 'an answer that is lost because what is said beside it cannot be read',
    proofs: [
      {
        file: 'test/cli/solo.test.ts',
        name: 'is given where the server',
        check:
          'whatever comes of asking who decides, the answer is given, and says that it is not known',
        without: edit(
          'src/cli/solo-note.ts',
          '  } catch {\n    return undefined\n  }',
          '  } finally {\n    // Asked.\n  }',
        ),
      },
    ],
  },
  {
    id: 'attack 381',
    where: 'any command line that shows what a server says',
    what: 'control characters in a name, a key, a port or a time of an answer, that drive the terminal of whoever asks',
    proofs: [
      {
        file: 'test/cli/hostile-answers.test.ts',
        name: 'drives no terminal, wherever it stands in the answer',
        check: 'what is shown of an answer is visible, numbers that are none too',
        without: edit(
          'src/cli/commands/envelope-fields.ts',
          'return visible(from === to ? String(from) : `${String(from)}-${String(to)}`)',
          'return from === to ? String(from) : `${String(from)}-${String(to)}`',
        ),
      },
      {
        file: 'test/cli/hostile-answers.test.ts',
        name: 'drives no terminal, wherever it stands in the answer',
        check: 'each text of a list is visible',
        without: edit(
          'src/cli/json-reader.ts',
          'return this.raws(key).map(visible)',
          'return this.raws(key)',
        ),
      },
    ],
  },
  {
    id: 'attack 382',
    where: 'any log',
    what: 'a genesis or a key that is another than the one that the id of the index stands for, where the id is all that is pinned',
    proofs: [
      {
        file: 'test/verify/log-key-of.test.ts',
        name: 'is the one that the genesis of the index names, and of no other index',
        check: 'the id is the digest of the genesis that names the key',
        without: edit(
          'src/verify/log-key-of.ts',
          'statement?.digest === indexId ? readGenesis(statement) : undefined',
          'statement && readGenesis(statement)',
        ),
      },
    ],
  },
]
