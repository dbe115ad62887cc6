import { type Attack, edit } from './attack.js'

const file = 'test/mirror/lies.test.ts'

/** What whoever has the keys of a Capstan, or stands before it, may try against those who keep copies of its logs. */
export const mirrorAttacks: readonly Attack[] = [
  {
    id: 'attack 290',
    where: 'any log',
    what: 'a mirror is shown another history of the same length',
    proofs: [
      {
        file,
        name: 'is a fork, and the note that proves it is kept',
        check: 'a head of the size that a mirror has is the one that it has',
        without: edit(
          'src/mirror/mirrored-log.ts',
          'const before = [held, pending, unread]',
          'const before = [pending, unread]',
        ),
      },
    ],
  },
  {
    id: 'attack 291',
    where: 'any log',
    what: 'a mirror is shown a longer history that does not go on from its own',
    proofs: [
      {
        file,
        name: 'of the issuance log is inconsistent',
        written: 'of the %s log is inconsistent',
        check: 'a head goes on from the one that a mirror has (RFC 6962 consistency)',
        without: edit(
          'src/mirror/mirrored-log.ts',
          'if (consistencyHolds(first, second, proof)) return',
          'if (consistencyHolds.length > 0) return',
        ),
      },
    ],
  },
  {
    id: 'attack 292',
    where: 'any log',
    what: 'a mirror is shown less than it has',
    proofs: [
      {
        file,
        name: 'is a rollback',
        check: 'a log that has shown a checkpoint has one',
        without: edit(
          'src/mirror/mirrored-log.ts',
          'const isGone = judged.alarms.length === 0 && held !== undefined && held.size > 0',
          'const isGone = judged.alarms.length > 0 && held !== undefined && held.size > 0',
        ),
      },
    ],
  },
  {
    id: 'attack 293',
    where: 'any log',
    what: 'a mirror is shown other records than were signed',
    proofs: [
      {
        file,
        name: 'is inconsistent, and none of them is written',
        check: 'every record is what its tile says',
        without: edit(
          'src/mirror/copy-log.ts',
          'const other = otherRecordIn(made, row)',
          'const other = otherRecordIn({ records: [] }, row)',
        ),
      },
    ],
  },
  {
    id: 'attack 294',
    where: 'any log',
    what: 'a mirror is shown tiles with other hashes',
    proofs: [
      {
        file,
        name: 'at the edge, which do not come to the root, with records to match',
        check: 'the tiles at the edge come to the signed root',
        without: edit('src/mirror/copy-log.ts', 'edgeOf(this.head, rows)', 'edgeOf.length'),
      },
      {
        file,
        name: 'in a full tile, which are not those above it, with records to match',
        check: 'every full tile is what the hash above it says',
        without: edit(
          'src/mirror/copy-log.ts',
          'if (isFullTileOf(wanted, row)) return { row, isKept: false }',
          'if (isFullTileOf(wanted, row) || row.length > 0) return { row, isKept: false }',
        ),
      },
    ],
  },
  {
    id: 'attack 295',
    where: 'any log',
    what: 'a mirror is shown an index log that its voters did not decide',
    proofs: [
      {
        file,
        name: 'with envelopes that nobody signed, and takes those of an honest server later',
        check: 'a mirror folds the index log with every signature before it takes it',
        without: edit(
          'src/mirror/mirrored-log.ts',
          'const alarms = (await fold?.faults(head)) ?? []',
          'const alarms = fold === undefined ? [] : []',
        ),
      },
    ],
  },
  {
    id: 'attack 296',
    where: 'any log',
    what: 'a mirror is killed, and then shown another history than before',
    proofs: [
      {
        file,
        name: 'is a fork of what was being copied, after 2 files',
        written: 'is a fork of what was being copied, after %d files',
        check: 'a head that was signed and shown is remembered before anything of it is copied',
        without: edit(
          'src/mirror/mirrored-log.ts',
          'await files.put(PENDING, Buffer.from(head.note))',
          'await files.put(`not-${PENDING}`, Buffer.from(head.note))',
        ),
      },
    ],
  },
  {
    id: 'attack 297',
    where: 'any log',
    what: 'a mirror is shown what was not signed, or not by whom it must be',
    proofs: [
      {
        file,
        name: 'is refused without the witnesses of the policy, or where they saw it too long ago',
        check: 'nothing is taken of a checkpoint about which there are alarms',
        without: edit(
          'src/mirror/mirrored-log.ts',
          'if (judged.alarms.length > 0) return none(...judged.alarms)',
          'if (judged.alarms.length < 0) return none(...judged.alarms)',
        ),
      },
    ],
  },
  {
    id: 'attack 298',
    where: 'any log',
    what: 'a server fills the memory of a mirror, or keeps it busy for ever',
    proofs: [
      {
        file,
        name: 'with more than any records are long',
        check: 'the records under one tile have an end',
        without: edit(
          'src/mirror/shown-bundle.ts',
          'if (this.octets <= MAX_OCTETS) return',
          'if (MAX_OCTETS > 0) return',
        ),
      },
    ],
  },
  {
    id: 'attack 299',
    where: 'any log',
    what: 'a server says that records are pruned which a mirror has',
    proofs: [
      {
        file,
        name: 'keeps them, also in a bundle of which others are gone',
        check: 'what is held counts where only the hash is shown',
        without: edit(
          'src/mirror/copy-log.ts',
          'record ?? held.records[start + at]',
          'record ?? held.records[-1]',
        ),
      },
      {
        file,
        name: 'keeps them where the folder is gone over, and where it was killed before its checkpoint',
        check:
          'whatever narrower bundle of a tile is there counts, whichever checkpoint it was for',
        without: edit('src/mirror/copy-log.ts', 'if (width >= bundle.width) break', 'break'),
      },
    ],
  },
  {
    id: 'attack 300',
    where: 'any log',
    what: 'a mirror is shown a fork, and nothing by which it could be seen to be one',
    proofs: [
      {
        file,
        name: 'and finds it out by the honest log, which is then another one',
        check: 'what was signed counts where nobody could see yet whether the log goes on to it',
        without: edit(
          'src/mirror/mirrored-log.ts',
          'const before = [held, pending, unread]',
          'const before = [held, pending]',
        ),
      },
    ],
  },
]
