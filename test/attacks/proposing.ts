import { type Attack, edit } from './attack.js'

const file = 'test/cli/proposing.test.ts'
const checks = 'src/cli/voting/unsigned-proposals.ts'

/** What a server may try with whoever asks it for a proposal to sign. */
export const proposingAttacks: readonly Attack[] = [
  {
    id: 'attack 260',
    where: 'any server that prepares what others sign',
    what: 'a voter asks for one proposal, and is given another to sign: other words, more of them, or one for another index',
    proofs: [
      {
        file,
        name: 'gets no signature for other words',
        check: 'what is signed is made again of what was asked for, and is the same octets',
        without: [
          ...edit(checks, 'if (canonicalize(value) !== canonicalize(proposal)) {', 'if (false) {'),
          ...edit(
            checks,
            'value: { id, proposal, shown,',
            'value: { id, proposal: value as unknown as Proposal, shown,',
          ),
        ],
      },
      {
        file,
        name: 'gets none for more, or less, than one proposal for one change',
        check: 'as many proposals as were asked for',
        without: edit(checks, 'return shown.length === drafts.length', 'return drafts.length > 0'),
      },
      {
        file,
        name: 'gets none for another index, whose voter they are not',
        check: 'the key is enrolled for this name in the index that the proposal is for',
        without: edit(checks, 'if (!own || !isEnrolled(own, who)) {', 'if (!own) {'),
      },
      {
        file,
        name: 'gets none for a time that is not now, nor for rows that are none',
        check: 'a proposal is of the time at which it is signed',
        without: edit(
          checks,
          'if (created > plus(now, CLOCK_TOLERANCE) || now > expires) {',
          'if (now > expires) {',
        ),
      },
    ],
  },
]
