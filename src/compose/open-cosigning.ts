import { readFile } from 'node:fs/promises'
import type { Config } from '../config/config.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Clock } from '../core/time.js'
import { Cosigning, defaultCosigningTerms, isAlarm, type WitnessState } from '../tlog/cosigning.js'
import { isQuorum, parsePolicy, type Policy } from '../tlog/policy.js'
import type { SignedTree } from '../tlog/ports.js'
import { formatVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import { httpWitnessClient, submissionUrl } from '../witnesses/http-witness-client.js'
import { type SignedLogName, signedLogs } from './log-key.js'
import type { Log } from './open-log.js'

/** With the log's own signature and those of the witnesses a note has 64 at most. */
const MAX_WITNESSES = 32

/** A log that is to be cosigned. */
interface OwnLog {
  readonly key: VerifierKey
  readonly tree: Omit<SignedTree, 'keepCheckpoint'>
}

interface Deps {
  readonly config: Config['witnesses']
  readonly logs: Readonly<Record<SignedLogName, OwnLog>>
  readonly clock: Clock
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
}

/** Who cosigns each log, by the log's name; a log that nobody is asked about is not in it. */
export type Cosignings = ReadonlyMap<SignedLogName, Cosigning>

/**
 * Whose cosignatures the logs ask for. A policy without log lines is about both. One with such lines
 * must have that of the index, and that of the issuance log where this is to be cosigned.
 */
export async function openCosignings(deps: Deps): Promise<Result<Cosignings>> {
  const { config, logs, clock, log } = deps
  if (config.policy === undefined) return ok(new Map())
  const read = await readPolicy(config.policy)
  if (!read.ok) return read
  const policy = read.value
  const names = logsOf(policy, logs)
  if (!names.ok) return names
  if (!names.value.includes('issuance')) {
    const wanted = `log ${formatVerifierKey(logs.issuance.key)}`
    log.warn({ wanted }, 'the policy does not list the issuance log: no witness is asked about it')
  }
  const witnesses = policy.witnesses.flatMap(({ name: called, key: vkey, url }) =>
    url === undefined ? [] : [{ name: called, key: vkey, url }],
  )
  const cosigningOf = (name: SignedLogName): Cosigning =>
    new Cosigning({
      ...{ log: name, tree: logs[name].tree, witnesses, policy, clock },
      client: httpWitnessClient(config.timeout * 1000),
      terms: { ...defaultCosigningTerms, refresh: config.refresh },
      changed: (witness, of) => tell(log, witness, of),
    })
  return ok(new Map(names.value.map((name) => [name, cosigningOf(name)])))
}

/** Which of the logs a policy is about. */
function logsOf(policy: Policy, logs: Deps['logs']): Result<readonly SignedLogName[]> {
  if (policy.logs.length === 0) return ok(signedLogs)
  const isListed = (name: SignedLogName): boolean =>
    policy.logs.some(({ key }) => formatVerifierKey(key) === formatVerifierKey(logs[name].key))
  // Its origin with another key is a slip that would leave it without witnesses, unnoticed.
  const isMeant = (name: SignedLogName): boolean =>
    name === 'index' || policy.logs.some(({ key }) => key.name === logs[name].key.name)
  const missing = signedLogs.find((name) => isMeant(name) && !isListed(name))
  if (missing === undefined) return ok(signedLogs.filter(isListed))
  return refuse(
    'tlog.unknown-log',
    `the policy of the witnesses is not about this ${missing} log`,
    {
      wanted: `a line with its key: log ${formatVerifierKey(logs[missing].key)}`,
      found: `${policy.logs.length} others`,
    },
  )
}

async function readPolicy(path: string): Promise<Result<Policy>> {
  let octets: Uint8Array
  try {
    octets = await readFile(path)
  } catch (error) {
    throw new DependencyError('witnesses', `cannot read the policy ${path}`, error)
  }
  const policy = parsePolicy(octets)
  if (!policy.ok) return policy
  const { witnesses } = policy.value
  const urls = witnesses.flatMap(({ url }) => url ?? [])
  const wrong = urls.find((url) => !submissionUrl(url))
  if (urls.length === 0 || urls.length > MAX_WITNESSES || wrong !== undefined) {
    return refuse('tlog.malformed', 'the policy says no way to its witnesses', {
      wanted: `1 to ${MAX_WITNESSES} witness lines with the http or https URL they are asked at`,
      found: wrong ?? `${urls.length} of them`,
    })
  }
  const asked = witnesses.filter(({ url }) => url !== undefined).map(({ key }) => key)
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
