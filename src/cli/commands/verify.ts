import { toIso } from '../../core/time.js'
import { toBase64 } from '../../tlog/note-text.js'
import type { VerifiedCommit } from '../../verify/verified-commit.js'
import type { VerifiedEntry } from '../../verify/verify-bundle.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { Outcome } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'
import { trustedBundle, trustOptions } from './trusted-bundle.js'

async function verify(call: Invocation): Promise<Outcome<Answer>> {
  const verified = await trustedBundle(call, call.word(0) ?? '-')
  if (!verified.ok) return verified
  return answer(verifiedJson(verified.value), (look) => renderVerified(look, verified.value))
}

const verifiedJson = (found: VerifiedEntry) => ({
  index: found.index,
  log: found.origin,
  size: found.size,
  root: toBase64(found.root),
  asOf: toIso(found.asOf.at),
  asOfBy: found.asOf.by,
  entry: found.entry,
  scopes: found.scopes,
  commits: found.commits.map(({ operation: _operation, at, ...commit }) => ({
    ...commit,
    at: toIso(at),
  })),
})

function renderVerified(look: Look, found: VerifiedEntry): string {
  const { entry, scopes, asOf, origin, size } = found
  const age = asOf.by === 'witnesses' ? 'seen by witnesses' : 'its last record'
  return renderFields(look, [
    ['verified', `${look.paint('green', 'yes')}: ${entry.alias} is what the index says`],
    ['entry', `${entry.uid}, revision ${entry.rev}, ${entry.state}`],
    ['scopes', scopes.map(({ alias, state }) => `${alias || '/'} ${state}`)],
    ['log', `${origin}, ${size} records`],
    ['as of', `${renderTime(toIso(asOf.at), look.now)} (${age})`],
    ['rules', entry.rules.map(({ id, rev }) => `${id} (revision ${rev})`)],
    ['decided', found.commits.map((commit) => renderCommit(look, commit))],
  ])
}

function renderCommit(
  look: Look,
  { subject, op, at, recount, voters, seq }: VerifiedCommit,
): string {
  const what = `record ${seq} ${op} ${subject.alias || '/'}, ${renderTime(toIso(at), look.now)}`
  if (recount.counted === 'before') return `${what}: not counted again (${recount.because})`
  return `${what}: ${voters.join(', ')}, ${recount.weight} of ${recount.threshold}`
}

export const verifyCommand: CommandSpec = {
  path: 'verify',
  arguments: '<bundle>',
  summary: 'verify the bundle of an entry; needs no server',
  details: [
    'Index and key are what `capstan status` shows, kept from a time when they were trusted. docs/format-bundle.md says what a bundle proves, and what only the log and its witnesses vouch for.',
  ],
  options: trustOptions,
  examples: [
    'capstan verify api.json --index 9f2c... --key acme.example/index+5f0a11c2+AW9...',
    'capstan verify api.json --index 9f2c... --key acme.example/index+5f0a11c2+AW9... --policy witnesses.txt --age 1h',
  ],
  run: verify,
}
