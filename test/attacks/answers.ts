import { type Attack, edit } from './attack.js'

const file = 'test/verify/verify-answer.test.ts'
const verifier = 'src/verify/verify-answer.ts'

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
]
