import type { Edit } from '../../../fuzz/engine/order.js'

interface Planted {
  readonly target: string
  /** What is then wrong with it. */
  readonly what: string
  readonly edit: Edit
  /** Part of the finding. */
  readonly shows: RegExp
}

/** Checks that somebody might take away or get wrong, behind much that must be right. */
export const planted: readonly Planted[] = [
  {
    target: 'config',
    what: 'a port is not compared with the last that there is',
    edit: {
      file: 'src/config/listen-address.ts',
      find: ' || Number(port) > 65_535',
      replace: '',
    },
    shows: /listeners have a port that there is/,
  },
  {
    target: 'apply',
    what: 'a document may describe something twice',
    edit: {
      file: 'src/namespace/plan/plan-document.ts',
      find: 'if (!unique.ok) return unique',
      replace: '',
    },
    shows: /applying a document twice|an entry has the \w+ of the document/,
  },
  {
    target: 'change-request',
    what: 'an end may be a time that no calendar has',
    edit: {
      file: 'src/namespace/change-request.ts',
      find: 'return Number.isSafeInteger(at) && at >= 0 && toIso(unixSeconds(at)) === text',
      replace: 'return at !== 0.5',
    },
    shows: /RangeError an instant is a whole number of seconds/,
  },
  {
    target: 'tlog',
    what: 'base64 is read in every spelling',
    edit: {
      file: 'src/tlog/note-text.ts',
      find: "return octets.toString('base64') === text ? octets : undefined",
      replace: 'return octets',
    },
    shows: /what is read of a log has one spelling/,
  },
  {
    target: 'tlog',
    what: 'octets may come after the last entry of a bundle',
    edit: {
      file: 'src/tlog/entry-bundle.ts',
      find: 'return at === octets.length ? ok(entries)',
      replace: 'return at <= octets.length ? ok(entries)',
    },
    shows: /a bundle has one spelling/,
  },
]
