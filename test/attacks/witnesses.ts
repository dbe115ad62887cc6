import { type Attack, edit } from './attack.js'

const file = 'test/tlog/witness-attacks.test.ts'

/** What whoever holds the key of a log, or a witness, may try against those who read the log. */
export const witnessAttacks: readonly Attack[] = [
  {
    id: 'attack 18',
    where: 'any log',
    what: 'two histories, each shown to other readers',
    proofs: [
      {
        file,
        name: 'a fork that is shown to other readers',
        check: 'a witness cosigns what goes on from what it cosigned',
        without: edit(
          'src/tlog/witness.ts',
          'known.size === 0 ? proof.length === 0 : consistencyHolds(known, next, proof)',
          'known.size === 0 ? proof.length === 0 : consistencyHolds !== undefined',
        ),
      },
      {
        file,
        name: 'another state of one head',
        check: 'a witness cosigns one state of a head',
        without: edit('src/tlog/witness.ts', 'if (!isOther && isConsistent(', 'if (isConsistent('),
      },
    ],
  },
  {
    id: 'attack 19',
    where: 'any log',
    what: 'the end of a log is gone after an older backup was put back',
    proofs: [
      {
        file,
        name: 'a log that was cut short, or put back to an older backup',
        check: 'a witness says what size it has cosigned',
        without: edit('src/tlog/witness.ts', 'if (oldSize !== known.size) {', 'if (oldSize < 0) {'),
      },
    ],
  },
  {
    id: 'attack 22',
    where: 'TUF: freeze',
    what: 'an old checkpoint is served on, with the word of one witness that it is new',
    proofs: [
      {
        file,
        name: 'an old checkpoint that a minority of the witnesses calls new',
        check: 'the age is what a quorum of witnesses stands for',
        without: edit(
          'src/verify/freshness.ts',
          'latestFirst[enough]?.time',
          'latestFirst[0]?.time',
        ),
      },
    ],
  },
  {
    id: 'attack 90',
    where: 'any witness',
    what: 'a cosignature of another root, or of an older head, is put under this one',
    proofs: [
      {
        file,
        name: 'what a witness has signed of another root, or of an older head',
        check: 'a signature of a known key holds, or the note is refused',
        without: edit(
          'src/tlog/note.ts',
          "if (!holds) return refuse('tlog.bad-signature', 'a signature does not hold', keyNamed(key))",
          'if (!holds) { verified.push({ key, ...(keyNamed && { time: 1 }) }); continue }',
        ),
      },
    ],
  },
  {
    id: 'attack 91',
    where: 'any policy',
    what: 'one witness is a quorum: it signs twice, or has two names',
    proofs: [
      {
        file,
        name: 'one witness that counts twice, and witnesses that nobody named',
        check: 'a public key stands in a policy once',
        without: edit(
          'src/tlog/policy.ts',
          "if (!read) return 'no key of a witness'\n    if (this.#isKnown(read.key)) return 'a public key for the second time'\n",
          "if (!read) return 'no key of a witness'\n",
        ),
      },
    ],
  },
  {
    id: 'attack 92',
    where: 'any witness',
    what: 'a witness answers what would spoil the checkpoint for everybody: a bad signature of a known key',
    proofs: [
      {
        file,
        name: 'a server takes nothing from a witness that does not hold',
        check: 'cosignatures are verified before they are kept',
        without: edit(
          'src/tlog/ask-witness.ts',
          'if (time === undefined || time === 0) return',
          'if (time === 0) return',
        ),
      },
    ],
  },
  {
    id: 'attack 93',
    where: 'any witness',
    what: 'what a witness remembers is removed, or that of another is put in its place: it signs a second history',
    proofs: [
      {
        file: 'test/store/witness-store.test.ts',
        name: 'is not made by whoever wants to read it, for an empty memory signs any history',
        check: 'the memory is made with the key, and never again',
        without: edit(
          'src/store/open-witness-store.ts',
          "if (!existsSync(path)) return gone(vkey, 'no such file')",
          'if (!existsSync(path)) createWitnessStore(path, vkey)',
        ),
      },
      {
        file: 'test/store/witness-store.test.ts',
        name: 'is of one key, and is not opened with another',
        check: 'the memory says whose it is',
        without: edit(
          'src/store/open-witness-store.ts',
          'if (found === vkey) {',
          'if (found !== undefined) {',
        ),
      },
    ],
  },
  {
    id: 'attack 94',
    where: 'any witness',
    what: 'one witness with a fast clock makes every bundle one of a time that has not come',
    proofs: [
      {
        file,
        name: 'a witness whose clock is ahead, which would make every bundle one of the future',
        check: 'times that have not come are passed over where the others are a quorum',
        without: edit(
          'src/verify/freshness.ts',
          'quorumTime(come, policy) ?? quorumTime(cosignatures, policy)',
          'quorumTime(come.length < 0 ? come : cosignatures, policy)',
        ),
      },
      {
        file,
        name: 'a server takes no time from a witness that verifiers would not take',
        check: 'a time that has not come is no answer',
        without: edit(
          'src/tlog/ask-witness.ts',
          'if (time > plus(now, CLOCK_TOLERANCE)) {',
          'if (time < 0) {',
        ),
      },
    ],
  },
  {
    id: 'attack 95',
    where: 'any witness',
    what: 'whoever has a checkpoint of the log raises the alarm of two histories, until nobody listens',
    proofs: [
      {
        file: 'test/server/witness-app.test.ts',
        name: 'raises no alarm over true checkpoints that anybody sends without their proof',
        check: 'two roots of one size are an error, and nothing else',
        without: edit(
          'src/tlog/witness.ts',
          'size === known.size && !sameHash(root, known.root)',
          'size >= known.size && !sameHash(root, known.root)',
        ),
      },
    ],
  },
]
