import { readFile } from 'node:fs/promises'
import type { Config } from '../config/config.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Clock } from '../core/time.js'
import { Cosigning, defaultCosigningTerms, isAlarm, type WitnessState } from '../tlog/cosigning.js'
import { isQuorum, parsePolicy, type Policy } from '../tlog/policy.js'
import type { LogTree } from '../tlog/ports.js'
import { formatVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import { httpWitnessClient, submissionUrl } from '../witnesses/http-witness-client.js'
import type { Log } from './open-log.js'

/** With the log's own signature and those of the witnesses a note has 64 at most. */
const MAX_WITNESSES = 32

interface Deps {
  readonly config: Config['witnesses']
  /** The log's name in this installation: `index`. */
  readonly name: string
  readonly key: VerifierKey
  readonly tree: LogTree
  readonly clock: Clock
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
}

/** Whose cosignatures one log asks for; undefined where the configuration names no policy. */
export async function openCosigning(deps: Deps): Promise<Result<Cosigning | undefined>> {
  const { config, key, name, tree, clock, log } = deps
  if (config.policy === undefined) return ok(undefined)
  const policy = await readPolicy(config.policy, key)
  if (!policy.ok) return policy
  const witnesses = policy.value.witnesses.flatMap(({ name: called, key: vkey, url }) =>
    url === undefined ? [] : [{ name: called, key: vkey, url }],
  )
  return ok(
    new Cosigning({
      ...{ log: name, tree, witnesses, policy: policy.value, clock },
      client: httpWitnessClient(config.timeout * 1000),
      terms: { ...defaultCosigningTerms, refresh: config.refresh },
      changed: (witness, of) => tell(log, witness, of),
    }),
  )
}

async function readPolicy(path: string, key: VerifierKey): Promise<Result<Policy>> {
  let octets: Uint8Array
  try {
    octets = await readFile(path)
  } catch (error) {
    throw new DependencyError('witnesses', `cannot read the policy ${path}`, error)
  }
  const policy = parsePolicy(octets)
  if (!policy.ok) return policy
  const { logs, witnesses } = policy.value
  const vkey = formatVerifierKey(key)
  if (logs.length > 0 && !logs.some((one) => formatVerifierKey(one.key) === vkey)) {
    return refuse('tlog.unknown-log', 'the policy of the witnesses is not about this log', {
      wanted: `a line with its key: log ${vkey}`,
      found: `${logs.length} others`,
    })
  }
  const urls = witnesses.flatMap(({ url }) => url ?? [])
  const wrong = urls.find((url) => !submissionUrl(url))
  if (urls.length === 0 || urls.length > MAX_WITNESSES || wrong !== undefined) {
    return refuse('tlog.malformed', 'the policy says no way to its witnesses', {
      wanted: `1 to ${MAX_WITNESSES} witness lines with the http or https URL they are asked at`,
      found: wrong ?? `${urls.length} of them`,
    })
  }
  const asked = witnesses.filter(({ url }) => url !== undefined).map(({ key: vkey }) => vkey)
  if (!isQuorum(policy.value, asked)) {
    return refuse('tlog.no-quorum', 'the witnesses that can be asked are no quorum of the policy', {
      wanted: 'witness lines with a URL that together are its quorum',
      found: `${urls.length} with one, of ${witnesses.length}`,
    })
  }
  return policy
}

/** Two histories, or one that was cut short, are an error whoever is wrong; silence is a warning. */
function tell(log: Deps['log'], { name, fault, size }: WitnessState, of: string): void {
  const fields = { log: of, witness: name, ...(size !== undefined && { cosigned: size }) }
  if (!fault) log.info(fields, 'the witness cosigns again')
  else if (isAlarm(fault)) {
    const what =
      fault.kind === 'ahead'
        ? 'a witness has cosigned more records than the log has: was an older backup restored?'
        : 'a witness has cosigned another history of this log: find out who signed it'
    log.error({ ...fields, fault }, what)
  } else log.warn({ ...fields, fault }, 'a witness does not cosign; it is asked again')
}
