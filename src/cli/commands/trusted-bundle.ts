import { unixSeconds } from '../../core/time.js'
import { parseVerifierKey } from '../../tlog/verifier-key.js'
import { type VerifiedEntry, verifyBundle, type VerifyOptions } from '../../verify/verify-bundle.js'
import type { OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'
import { policyOf, policyOptions } from './policy-options.js'

/** Whom to believe about a bundle: said by whoever asks, never by the file. */
export const trustOptions: readonly OptionSpec[] = [
  { flags: '--index <id>', description: 'the index: 64 hex digits, as capstan status shows them' },
  {
    flags: '--key <vkey>',
    description: "the verifier key of the index's log (default: the one that its genesis names)",
  },
  ...policyOptions,
  {
    flags: '--age <duration>',
    description: 'how old the checkpoint may be (default: however old)',
  },
  {
    flags: '--trust-log',
    description:
      'take its word for who could decide, where a bundle does not show how that came (default: refuse)',
  },
]

/** Reads a bundle and verifies it. */
export async function trustedBundle(
  call: Invocation,
  file: string,
  options: VerifyOptions,
): Promise<Outcome<VerifiedEntry>> {
  const octets = await call.file(file)
  if (!octets.ok) return octets
  const verified = verifyBundle(octets.value, options)
  return verified.ok ? verified : refused(verified.refusal)
}

/** Whom to believe, as `trustOptions` say it. */
export async function trustOf(call: Invocation): Promise<Outcome<VerifyOptions>> {
  const [indexId, vkey] = [call.text('index'), call.text('key')]
  if (indexId === undefined) {
    return usage('a file is verified with the id of the index that is meant: it is missing', {
      wanted: '--index ID: never from the file, which could name any',
      next: '`capstan status` at the server shows it as `index` (--json: .index.id): keep it beside the file, or ask whoever runs it',
    })
  }
  const key = vkey === undefined ? undefined : parseVerifierKey(vkey)
  if (key?.ok === false) return refused(key.refusal)
  const policy = await policyOf(call)
  if (!policy.ok) return policy
  const maxAge = call.duration('age')
  if (!maxAge.ok) return maxAge
  const options = {
    indexId,
    ...(key && { logKey: key.value }),
    now: unixSeconds(call.world.clock.now()),
    policy: policy.value,
    ...(maxAge.value !== undefined && { maxAge: maxAge.value }),
    ...(call.has('trustLog') && { trustLog: true }),
  }
  return { ok: true, value: options }
}
