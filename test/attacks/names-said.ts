import { type Attack, edit } from './attack.js'

const file = 'test/cli/said-names.test.ts'
const names = 'src/cli/screen/said-names.ts'

/** What a server may try with the names that it says beside what is signed. */
export const saidNameAttacks: readonly Attack[] = [
  {
    id: 'attack 322',
    where: 'any server that shows names of what is signed by number',
    what: 'a server shows the name of another beside what a voter is about to sign',
    proofs: [
      {
        file,
        name: 'has the uid beside every name that a server says',
        check: 'what is shown is what is signed, and a name stands behind it',
        without: edit(names, 'const shown = visible(line)', 'const shown = name ?? visible(line)'),
      },
      {
        file,
        name: 'has the uid beside a name in the impact too',
        check: 'a name stands beside the uid, and never for it',
        without: edit(names, '`${uid} (${name})`', 'name'),
      },
    ],
  },
  {
    id: 'attack 323',
    where: 'any command line that prints what a server says',
    what: 'a name that moves the cursor, ends the line or reads as more than a name, so that another proposal is on the screen',
    proofs: [
      {
        file,
        name: 'has no name that could not be one, and none that drives a terminal',
        check: 'what is no alias is no name',
        without: edit(names, 'parseAlias(name).ok ? name : undefined', 'name'),
      },
    ],
  },
  {
    id: 'attack 324',
    where: 'CVE-2021-42574',
    what: 'a label with characters that turn the direction of text, so that the voter reads another proposal than they sign',
    proofs: [
      {
        file,
        name: 'is not turned round by what a proposal says',
        check: 'what could turn or move text is written as an escape, in JSON too',
        without: edit(names, 'const shown = visible(line)', 'const shown = line'),
      },
    ],
  },
]
