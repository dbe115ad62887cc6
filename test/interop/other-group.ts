import { canonicalize } from '../../src/core/canonical-json.js'
import { open } from '../../src/namespace/dsse.js'
import { encodeRecord, recordHash } from '../../src/namespace/log-record.js'
import type { Bundle } from '../../src/verify/bundle.js'
import type { Writable } from '../verify/given-bundle.js'

type Commit = Writable<Bundle>['entry']['commits'][number]
type Envelope = Commit['envelopes'][number]

/** What of a statement is changed: of a vote `predicate` and `subject`, of the others `scope`. */
interface Said {
  readonly scope: { rev: number }
  readonly subject: readonly [{ readonly digest: { sha256: string } }]
  readonly predicate: { readonly scope: { rev: number }; log: unknown }
}

/**
 * The same change as if the group had decided at another revision: all of it fits, but nobody signed
 * any of it.
 */
export function decidedAt({ record, envelopes, opened }: Commit, rev: number): void {
  const [first, ...votes] = envelopes
  record.group.rev = rev
  if (record.kind !== 'commit') {
    for (const one of envelopes) record.prop = restated(one, ({ scope }) => (scope.rev = rev))
    return
  }
  record.prop = restated(first!, ({ scope }) => (scope.rev = rev))
  if (opened) {
    opened.record.prop = record.prop
    opened.record.says = record.prop
  }
  const log = opened && {
    size: opened.record.seq + 1,
    head: recordHash(encodeRecord(opened.record)),
  }
  record.votes = votes.map((vote) =>
    restated(vote, ({ subject, predicate }) => {
      predicate.scope.rev = rev
      subject[0].digest.sha256 = record.prop
      if (log) predicate.log = log
    }),
  )
}

/** Says something else, under a signature of what it said; its digest. */
function restated(envelope: Envelope, edit: (said: Said) => void): string {
  const said = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8')) as Said
  edit(said)
  envelope.payload = Buffer.from(canonicalize(said)).toString('base64')
  return open(Buffer.from(canonicalize(envelope)))!.digest
}
