import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { decimal } from './note-text.js'
import { parsePolicyKey, type PolicyKey } from './policy-key.js'
import { isKeyOf, parseVerifierKey, signatureType, type VerifierKey } from './verifier-key.js'

/** A policy file is its operator's own; C2SP wants at least 32 of each kind. */
export const MAX_POLICY_OCTETS = 65_536
const MAX_OF_A_KIND = 64

/** Which checkpoints to believe (C2SP tlog-policy): signed by one of the logs, and by a quorum. */
export interface Policy {
  readonly logs: readonly PolicyKey[]
  readonly witnesses: readonly PolicyWitness[]
  /** Each refers to names before it. */
  readonly groups: readonly PolicyGroup[]
  /** The name of a witness or a group; undefined where no cosignature is wanted. */
  readonly quorum: string | undefined
}

/** Of the log alone. */
export const noWitnesses: Policy = { logs: [], witnesses: [], groups: [], quorum: undefined }

/**
 * Does this policy want cosignatures of the log of this name? One without log lines wants them of every
 * log. With the name of a log and another key of it, it is about that log, and refuses this one.
 */
export const wantsCosigners = ({ quorum, logs }: Policy, log: string): boolean =>
  quorum !== undefined && (logs.length === 0 || logs.some(({ key }) => key.name === log))

/** Names are octets, and stand here as Latin-1. */
export interface PolicyWitness extends PolicyKey {
  readonly name: string
}

export interface PolicyGroup {
  readonly name: string
  /** How many of the members, at least. */
  readonly threshold: number
  readonly members: readonly string[]
}

type PolicyResult<T> = Result<T, Refusal<'tlog.malformed'>>

export function parsePolicy(octets: Uint8Array): PolicyResult<Policy> {
  if (octets.length > MAX_POLICY_OCTETS) return malformed(0, 'more octets than a policy has')
  if (!octets.every(isAllowed)) return malformed(0, 'a control character')
  const lines = Buffer.from(octets).toString('latin1').split('\n')
  // A file that was cut short could end in the name of a weaker group.
  if (lines.pop() !== '') return malformed(lines.length + 1, 'no line feed at the end')
  const reader = new PolicyReader()
  for (const [at, line] of lines.entries()) {
    const trimmed = line.replace(/^[ \t]+/, '')
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const wrong = reader.read(trimmed.replace(/[ \t]+$/, '').split(/[ \t]+/))
    if (wrong !== undefined) return malformed(at + 1, wrong)
  }
  const policy = reader.policy()
  return policy ? ok(policy) : malformed(lines.length, 'no quorum line')
}

/** Tab, line feed, and everything from the space on but DEL. */
const isAllowed = (octet: number): boolean =>
  (octet >= 0x20 && octet !== 0x7f) || octet === 0x09 || octet === 0x0a

const malformed = (line: number, found: string): PolicyResult<never> =>
  refuse('tlog.malformed', 'this is not a tlog-policy', {
    found: line === 0 ? found : `line ${line}: ${found}`,
  })

/** Reads line by line; each answer is what is wrong. */
class PolicyReader {
  readonly #logs: PolicyKey[] = []
  readonly #witnesses: PolicyWitness[] = []
  readonly #groups: PolicyGroup[] = []
  readonly #names = new Set<string>()
  readonly #members = new Set<string>()
  #quorum: { readonly name: string | undefined } | undefined

  read([keyword = '', ...items]: readonly string[]): string | undefined {
    switch (keyword) {
      case 'log':
        return this.#readLog(items)
      case 'witness':
        return this.#readWitness(items)
      case 'group':
        return this.#readGroup(items)
      case 'quorum':
        return this.#readQuorum(items)
      default:
        return 'a line that is no log, witness, group or quorum'
    }
  }

  policy(): Policy | undefined {
    if (!this.#quorum) return undefined
    const { name: quorum } = this.#quorum
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum }
  }

  #readLog([vkey = '', url, ...more]: readonly string[]): string | undefined {
    if (more.length > 0) return 'more items than a log has'
    if (this.#logs.length === MAX_OF_A_KIND) return 'too many logs'
    const read = parsePolicyKey(vkey, url, signatureType.ed25519)
    if (!read) return 'no key of a log'
    if (this.#isKnown(read.key)) return 'a public key for the second time'
    this.#logs.push(read)
    return undefined
  }

  #readWitness([name = '', vkey = '', url, ...more]: readonly string[]): string | undefined {
    if (more.length > 0) return 'more items than a witness has'
    if (this.#witnesses.length === MAX_OF_A_KIND) return 'too many witnesses'
    const read = parsePolicyKey(vkey, url, signatureType.cosignature)
    if (!read) return 'no key of a witness'
    if (this.#isKnown(read.key)) return 'a public key for the second time'
    const wrong = this.#define(name)
    if (wrong === undefined) this.#witnesses.push({ name, ...read })
    return wrong
  }

  #readGroup([name = '', count = '', ...members]: readonly string[]): string | undefined {
    if (this.#groups.length === MAX_OF_A_KIND) return 'too many groups'
    if (members.length === 0) return 'a group without members'
    for (const member of members) {
      if (!this.#names.has(member)) return 'a member that is not defined before'
      // Otherwise one witness could count twice.
      if (this.#members.has(member)) return 'a name that is a member already'
      this.#members.add(member)
    }
    const threshold = thresholdOf(count, members.length)
    if (threshold === undefined) return 'no threshold from 1 to the number of members'
    const wrong = this.#define(name)
    if (wrong === undefined) this.#groups.push({ name, threshold, members })
    return wrong
  }

  #readQuorum([name = '', ...more]: readonly string[]): string | undefined {
    if (more.length > 0) return 'more items than a quorum has'
    if (this.#quorum) return 'a second quorum'
    if (name !== 'none' && !this.#names.has(name)) return 'a quorum that is not defined before'
    this.#quorum = { name: name === 'none' ? undefined : name }
    return undefined
  }

  #define(name: string): string | undefined {
    if (name === 'none') return 'the name "none"'
    if (this.#names.has(name)) return 'a name for the second time'
    this.#names.add(name)
    return undefined
  }

  /** One key in two roles, or under two names, would count for two. */
  #isKnown(key: VerifierKey): boolean {
    const isSame = (other: PolicyKey): boolean =>
      isKeyOf(other.key, key) || Buffer.compare(other.key.publicKey, key.publicKey) === 0
    return this.#logs.some(isSame) || this.#witnesses.some(isSame)
  }
}

function thresholdOf(text: string, members: number): number | undefined {
  if (text === 'all') return members
  if (text === 'any') return 1
  const count = decimal(text)
  return count !== undefined && count >= 1 && count <= members ? count : undefined
}

/**
 * So many of these witnesses, by their verifier keys. What a policy does not have, a key that stands
 * there twice above all, is refused as there.
 */
export function policyOfKeys(vkeys: readonly string[], threshold: number): PolicyResult<Policy> {
  for (const vkey of vkeys) {
    const key = parseVerifierKey(vkey)
    if (!key.ok) return key
  }
  const names = vkeys.map((_, at) => `w${at + 1}`)
  const lines = vkeys.map((vkey, at) => `witness w${at + 1} ${vkey}`)
  const group = [`group all-of-them ${threshold} ${names.join(' ')}`, 'quorum all-of-them', '']
  return parsePolicy(Buffer.from([...lines, ...group].join('\n')))
}

/** Is the quorum among those that have signed? Costs one look at each member of each group. */
export function isQuorum(policy: Policy, signers: readonly VerifierKey[]): boolean {
  if (policy.quorum === undefined) return true
  const witnessed = new Set(
    policy.witnesses.filter(({ key }) => signers.includes(key)).map(({ name }) => name),
  )
  for (const { name, threshold, members } of policy.groups) {
    const present = members.filter((member) => witnessed.has(member))
    if (present.length >= threshold) witnessed.add(name)
  }
  return witnessed.has(policy.quorum)
}
