import { noWitnesses, parsePolicy, type Policy, policyOfKeys } from '../../tlog/policy.js'
import type { OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'

/** Whose cosignatures are wanted beside the log's own signature. */
export const policyOptions: readonly OptionSpec[] = [
  {
    flags: '--policy <file>',
    description: 'which witnesses must have signed the checkpoint too: a C2SP tlog-policy',
  },
  {
    flags: '--witness <vkey...>',
    description: 'instead of a policy: the key of a witness',
    repeat: 'many',
  },
  {
    flags: '--threshold <number>',
    description: 'how many of --witness must have signed (default: all)',
  },
]

export async function policyOf(call: Invocation): Promise<Outcome<Policy>> {
  const [file, vkeys] = [call.text('policy'), call.texts('witness')]
  const threshold = call.text('threshold')
  if (file !== undefined && vkeys.length > 0)
    return usage('--policy and --witness are one too many')
  if (vkeys.length > 0) {
    const count = threshold === undefined ? vkeys.length : Number(threshold)
    if (!Number.isInteger(count) || count < 1 || count > vkeys.length) {
      return usage('--threshold is not a number of witnesses', { wanted: `1 to ${vkeys.length}` })
    }
    const policy = policyOfKeys(vkeys, count)
    return policy.ok ? policy : refused(policy.refusal)
  }
  if (threshold !== undefined) return usage('--threshold goes with --witness')
  if (file === undefined) return { ok: true, value: noWitnesses }
  const octets = await call.file(file)
  if (!octets.ok) return octets
  const policy = parsePolicy(octets.value)
  return policy.ok ? policy : refused(policy.refusal)
}
