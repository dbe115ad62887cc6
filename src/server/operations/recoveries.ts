import { canonicalize } from '../../core/canonical-json.js'
import { ok } from '../../core/result.js'
import { toIso } from '../../core/time.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import type { RecoveryView } from '../../namespace/recovery/recovery-view.js'
import type { RecoveryJson } from '../http/recovery-shapes.js'
import type { JsonBody, Operations } from '../operations.js'

/** Who replaces the voters of a scope when they are lost. */
export function recoveryOperations(
  index: GovernedIndex,
): Pick<Operations, 'recoveries' | 'signedRecovery' | 'cancelRecovery' | 'finishRecovery'> {
  return {
    recoveries: async () => ok((await index.recoveries()).map(recoveryJson)),

    async signedRecovery(envelopes, context) {
      const made = await index.submitRecovery(envelopes.map(octetsOf))
      if (!made.ok) return made
      context.about({ alias: made.value.scope.alias })
      return ok(recoveryJson(made.value))
    },

    async cancelRecovery(alias, { reason, ticket }, context) {
      context.about({ alias })
      const made = await index.cancelRecovery({
        alias,
        ...(typeof reason === 'string' && { reason }),
        ...(typeof ticket === 'string' && { ticket }),
      })
      return made.ok ? ok(recoveryJson(made.value)) : made
    },

    async finishRecovery(alias, context) {
      context.about({ alias })
      const made = await index.finishRecovery(alias)
      return made.ok ? ok(recoveryJson(made.value)) : made
    },
  }
}

const octetsOf = (envelope: JsonBody): Uint8Array => Buffer.from(canonicalize(envelope), 'utf8')

function recoveryJson(view: RecoveryView): RecoveryJson {
  const { since, due, lapses, cancelled, finished, group, ...rest } = view
  return {
    ...rest,
    since: toIso(since),
    due: toIso(due),
    lapses: toIso(lapses),
    ...(cancelled && {
      cancelled: { at: toIso(cancelled.at), again: toIso(cancelled.again) },
    }),
    ...(finished !== undefined && { finished: toIso(finished) }),
    group,
  }
}
