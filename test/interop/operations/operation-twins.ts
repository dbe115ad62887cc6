import { recordHash } from '../../../src/namespace/log-record.js'
import type { StoredRecord } from '../../../src/namespace/ports.js'
import type { GovernedObject } from '../../../src/namespace/state.js'
import type { GivenLog } from './given-log.js'
import { decidedAlone, opens, recordOf, says, statementIn } from './restated.js'
import type { Forged } from './shapes.js'
import { alone, type Log, type Members, opened, type Wrong } from './wrong-proposals.js'

export function operationTwins(given: GivenLog): readonly Forged[] {
  const { records } = given.store
  const { local } = given.who
  const proposals = records.map(({ envelopes: [first] }) => first && statementIn(first))
  const find = ([op, alias, then = 0]: Wrong['at']): number => {
    const at = [...proposals.keys()].filter((seq) => {
      const said = proposals[seq] as { op?: string; subject: { alias: string } } | undefined
      return said?.op === op && said.subject.alias === alias
    })[then]
    if (at === undefined) throw new Error(`no ${op} of ${alias}`)
    return at
  }
  const body = (op: string, alias: string) => proposals[find([op, alias])]!['body'] as Members
  const logBefore = (from: number): Log => ({
    body,
    bound: (alias) => (body('entry.create', alias)['bindings'] as readonly unknown[])[0],
    about: (op, kind, alias) => {
      const { uid, rev, head } = latest(records.slice(0, from), kind, alias)
      return { op, subject: { alias, uid }, base: { rev, head }, body: {} }
    },
  })
  const made =
    (through: typeof decidedAlone) =>
    ({ at, of, what, edits }: Wrong): Forged => {
      const from = find(at)
      const said = typeof edits === 'function' ? edits(logBefore(from)) : edits
      return { of: of ?? at[0], what, from, records: [through(records[from]!, local, said)] }
    }
  const part = records.findIndex((stored) => 'part' in recordOf(stored))
  return [
    ...alone.map(made(decidedAlone)),
    ...opened.map(made(opens)),
    {
      of: 'changes',
      what: 'another of them before the first',
      from: part,
      records: [says(records[part]!, { part: 1 })],
    },
  ]
}

/** An object as its latest record leaves it. */
function latest(
  records: readonly StoredRecord[],
  kind: GovernedObject['kind'],
  alias: string,
): { readonly uid: string; readonly rev: number; readonly head: string } {
  const letter = kind.charAt(0)
  const found = records.findLast((stored) => {
    const { subject } = recordOf(stored)
    return subject.alias === alias && subject.uid?.startsWith(letter) === true
  })
  const record = recordOf(found!)
  if (!('rev' in record)) throw new Error(`no ${kind} ${alias}`)
  return { uid: record.subject.uid, rev: record.rev, head: recordHash(found!.bytes) }
}
