import { canonicalize } from '../core/canonical-json.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { open } from '../namespace/dsse.js'
import { namedLogKey } from '../namespace/genesis.js'
import { readGenesis } from '../namespace/statements.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import type { Bundle } from './bundle.js'

export type LogKeyRefusal = Refusal<'bundle.no-log-key'>

/**
 * The key whose checkpoints count: the one that was said, or else the one that the genesis names. The
 * id of an index is the digest of its genesis, so that no other can be shown for it.
 */
export function logKeyOf(
  { indexId, logKey }: { readonly indexId: string; readonly logKey?: VerifierKey },
  envelope: Uint8Array | undefined,
): Result<VerifierKey, LogKeyRefusal> {
  if (logKey) return ok(logKey)
  const statement = envelope && open(envelope)
  const genesis = statement?.digest === indexId ? readGenesis(statement) : undefined
  const named = genesis && namedLogKey(genesis)
  if (named) return ok(named)
  return refuse(
    'bundle.no-log-key',
    genesis
      ? 'this index was founded without a word about the key of its log'
      : 'the file does not show the genesis, which names the key of the log',
    { wanted: 'the verifier key of the log of the index', next: 'capstan status, at the server' },
  )
}

/** As it is stored: of the first change of the root, where the bundle shows it. */
export function genesisIn({ root }: Bundle): Uint8Array | undefined {
  const [envelope] = root.commits[0]?.envelopes ?? []
  return envelope && Buffer.from(canonicalize(envelope))
}
