import { toIso, type UnixSeconds } from '../../core/time.js'
import { type Brakeable, isBraked } from '../../namespace/brake-mark.js'
import { toBase64 } from '../../tlog/note-text.js'
import {
  type CertificateStanding,
  standingOfCertificate,
} from '../../verify/certificate-identity.js'
import { isAnswer } from '../../verify/answer.js'
import { isLogAnswer, LOG_ANSWER_START } from '../../verify/log-answer.js'
import { type VerifiedEntry, verifyBundle, type VerifyOptions } from '../../verify/verify-bundle.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import { certificateIn } from '../certificate-file.js'
import { allOf, piecesOf, wholeOf } from '../pieces.js'
import { type Outcome, refused, usage } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'
import { isSolo, renderSolo } from '../solo-note.js'
import { asOfJson, renderAsOf } from './as-of-screen.js'
import { commitJson, renderCommit } from './commit-screen.js'
import { answerOfLog } from './answer-of-log.js'
import { provedAnswer } from './proved-answer.js'
import { backendsOf } from './split-screen.js'
import { trustOf, trustOptions } from './trusted-bundle.js'

async function verify(call: Invocation): Promise<Outcome<Answer>> {
  const trust = await trustOf(call)
  if (!trust.ok) return trust
  const options = trust.value
  const name = call.word(0) ?? '-'
  const opened = await piecesOf(call, name, LOG_ANSWER_START)
  if (!opened.ok) return opened
  await using pieces = opened.value
  const file = call.text('certificate')
  if (isLogAnswer(pieces.first)) {
    return file === undefined ? await answerOfLog(call, allOf(pieces), options) : noCertificate
  }
  const octets = await wholeOf(pieces, MOST_OCTETS)
  if (!octets) return usage(`${name} is too large`, { wanted: 'at most 8 MiB' })
  if (isAnswer(octets)) return file === undefined ? provedAnswer(octets, options) : noCertificate
  return await verifyEntry(call, file, octets, options)
}

/** Larger than any bundle, or answer without its log. */
const MOST_OCTETS = 8 * 1024 * 1024

const noCertificate = usage('--certificate is compared with a bundle', {
  wanted: 'capstan bundle export ALIAS',
})

async function verifyEntry(
  call: Invocation,
  file: string | undefined,
  octets: Uint8Array,
  options: VerifyOptions,
): Promise<Outcome<Answer>> {
  const verified = verifyBundle(octets, options)
  if (!verified.ok) return refused(verified.refusal)
  const read = file === undefined ? undefined : await call.file(file)
  if (read?.ok === false) return read
  const der = read && certificateIn(read.value)
  if (read && !der) return usage(`${file} holds no certificate`, { wanted: 'PEM or DER' })
  const certificate = der && standingOfCertificate(verified.value, der)
  const json = { ...verifiedJson(verified.value, options), ...(certificate && { certificate }) }
  const isWanted = certificate === undefined || certificate === 'same-policy'
  return answer(
    json,
    (look) => renderVerified(look, verified.value, { options, certificate }),
    isWanted ? exitCode.ok : exitCode.refused,
  )
}

const saidOf: Readonly<Record<CertificateStanding, string>> = {
  'same-policy': 'says that it was granted under these rules and ceilings',
  'other-policy': 'says that it was granted under other rules or ceilings than these',
  'other-entry': 'says that it is of another entry',
  'no-identity': 'says no governed identity',
}

const renderStanding = (look: Look, standing: CertificateStanding): string => {
  const said = saidOf[standing]
  return `${standing === 'same-policy' ? said : look.paint('red', said)}; its signature was not checked here`
}

const verifiedJson = (found: VerifiedEntry, options: VerifyOptions) => ({
  index: found.index,
  log: found.origin,
  size: found.size,
  root: toBase64(found.root),
  ...asOfJson(found.asOf, options),
  entry: found.entry,
  solo: isSolo(found.scopes),
  groupsBy: found.groupsBy,
  policyDigest: found.policyDigest,
  scopes: found.scopes,
  commits: found.commits.map(commitJson),
})

interface Verifying {
  readonly options: VerifyOptions
  readonly certificate: CertificateStanding | undefined
}

function renderVerified(
  look: Look,
  found: VerifiedEntry,
  { options, certificate }: Verifying,
): string {
  const { entry, scopes, asOf, origin, size } = found
  return renderFields(look, [
    ['verified', `${look.paint('green', 'yes')}: ${entry.alias} is what the index says`],
    ['entry', `${entry.uid}, revision ${entry.rev}, ${standing(entry, look.now)}`],
    ['scopes', scopes.map((scope) => `${scope.alias || '/'} ${standing(scope, look.now)}`)],
    ['index', isSolo(scopes) ? renderSolo(look) : undefined],
    ['log', `${origin}, ${size} records`],
    ['as of', renderAsOf(look, asOf, options)],
    [
      'decided by',
      found.groupsBy === 'genesis'
        ? 'the voters that there were, counted again from the genesis on'
        : look.paint('red', 'whom the log says: it is trusted with what is not shown'),
    ],
    ['policy', found.policyDigest],
    ['rules', entry.rules.map(({ id, rev }) => `${id} (revision ${rev})`)],
    [
      'splits',
      (entry.splits ?? []).map(
        (split) => `port ${split.port}: ${backendsOf(split, [entry]).join(', ')}`,
      ),
    ],
    ['certificate', certificate && renderStanding(look, certificate)],
    ['decided', found.commits.map((commit) => renderCommit(look, commit))],
  ])
}

const standing = (object: Brakeable & { readonly state: string }, now: UnixSeconds): string =>
  object.brake && isBraked(object, now)
    ? `braked until ${renderTime(toIso(object.brake.until), now)}`
    : object.state

export const verifyCommand: CommandSpec = {
  path: 'verify',
  arguments: '<file>',
  summary: 'verify the bundle of an entry, or an answer with its proof; needs no server',
  details: [
    'Index and key are what `capstan status` shows as `index` and `log key`, kept from a time when they were trusted: the index id does not name the key, and who wrote the file could name any. docs/format-bundle.md says what a bundle proves, and what only the log and its witnesses vouch for.',
    'A bundle that does not show how the groups that decided came to be, from the genesis on, is refused (bundle.not-counted): who holds the key of the log could have decided alone. --trust-log takes it all the same; bundles of a Capstan before lineages need it.',
    'Without --age a bundle of any age is taken: what was so then, and not that it is so still. `as of` says of when it is.',
    'What --prove wrote is verified too, and the answer shown that follows from it: look at what was asked (docs/format-proof.md). It ends as the question does: with 9 where a call is denied.',
    'An answer with its log is folded from the first record, with every signature and vote, in a temporary folder (TMPDIR) that wants two to four times the room of the file.',
    'What a certificate says of itself is compared, and its signature and dates are not checked: TLS does that, or `capstan verify-proof` says that the issuance log has it. One that says anything else than these rules and ceilings ends with 3.',
  ],
  options: [
    ...trustOptions,
    {
      flags: '--certificate <file>',
      description: 'of the entry: does it say that it was granted under these rules and ceilings?',
    },
  ],
  examples: [
    'capstan verify api.json --index 9f2c...',
    'capstan verify api.json --index 9f2c... --policy witnesses.txt --age 1h',
    'capstan verify reach.proof --index 9f2c...',
  ],
  run: verify,
}
