import { readFileSync } from 'node:fs'
import { canonicalize } from '../../src/core/canonical-json.js'
import { withoutBrake } from '../../src/namespace/brake-mark.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { type Bundle, formatBundle, parseBundle } from '../../src/verify/bundle.js'
import { storedEntry } from '../../src/verify/object-schema.js'
import { permit, type Trust, verifyBundle, type VerifiedEntry } from '../../src/verify/library.js'
import type { Schema } from '../mutate/generate.js'
import { colluded, colludingKey, type Writable } from '../given/colluding-log.js'
import { mutatedValue, mutateCanonical, mutateJson, parse } from '../mutate/json.js'
import type { Mutator } from '../mutate/mutator.js'
import { mutatedBySchema } from '../mutate/schema.js'
import { BrokenProperty, endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

const ORIGIN = 'acme.example/index'
const vectors = JSON.parse(
  readFileSync(new URL('../../docs/format/vectors/bundle-verify.json', import.meta.url), 'utf8'),
) as {
  readonly bundles: Readonly<Record<string, string>>
  readonly vectors: readonly {
    readonly bundle: string
    readonly drop: number
    readonly put: string
    readonly entry?: string
    readonly trust: {
      readonly index: string
      readonly key: string
      readonly now: number
      readonly policy?: string
    }
  }[]
}

/** Whoever the good bundles are to be believed by: each index once, with its log's key. */
const trusts: readonly Trust[] = [
  ...new Map(
    vectors.vectors
      .filter(({ drop, put, entry }) => drop === 0 && put === '' && entry !== undefined)
      .map(({ trust }) => [
        `${trust.index} ${trust.key}`,
        { indexId: trust.index, logKey: trust.key, now: new Date(trust.now * 1000) },
      ]),
  ).values(),
]
const forged = formatVerifierKey(colludingKey(ORIGIN))

/** The log is trusted with what a bundle does not show, or not. */
const eitherWay = (trust: Trust): readonly Trust[] => [trust, { ...trust, trustLog: true }]

const good = Object.values(vectors.bundles).map((text) => Buffer.from(text))
const verified = good.flatMap((octets) =>
  trusts.flatMap(eitherWay).flatMap((trust) => {
    const found = verifyBundle(octets, trust)
    return found.ok ? [found.value] : []
  }),
)
const facts = ({ entry, scopes, size }: VerifiedEntry): string =>
  canonicalize({ entry, scopes, size })
const known = new Set(verified.map(facts))
const knownRules = new Set(
  verified.flatMap(({ entry }) => entry.rules.map((rule) => canonicalize(withoutBrake(rule)))),
)

function run(input: Uint8Array): string {
  const read = parseBundle(input)
  if (!read.ok) return endingOf(read.refusal)
  const written = formatBundle(read.value)
  const again = parseBundle(written)
  const isSame = again.ok && sameOctets(formatBundle(again.value), written)
  hold(isSame && written.length <= input.length, 'what is read is written, and stated once')
  const ends = trusts.flatMap(eitherWay).map((trust) => {
    const honest = verifyBundle(input, trust)
    if (honest.ok) {
      hold(known.has(facts(honest.value)), 'what an honest log proves is what it proved before')
      return `verified ${decided(honest.value)}`
    }
    const other = verifyBundle(input, { ...trust, logKey: forged })
    return other.ok ? `colluded ${colluding(other.value)}` : endingOf(other.refusal)
  })
  return [...new Set(ends)].sort().join(', ')
}

/** A log that signs anything cannot make up what voters have signed. */
function colluding(found: VerifiedEntry): string {
  const { entry, commits, groupsBy } = found
  const areKnown = entry.rules.every((rule) => knownRules.has(canonicalize(withoutBrake(rule))))
  hold(groupsBy === 'log' || areKnown, 'no rule is there that nobody voted about')
  const own = commits.filter(({ subject }) => subject.uid === entry.uid)
  const last = own.at(-1)
  for (const { operation, rev } of own) {
    if (operation?.op !== 'rule.attach' && operation?.op !== 'rule.replace') continue
    const made = entry.rules.find((rule) => rule.rev === rev)
    if (rev !== last?.rev) continue
    if (!made) throw new BrokenProperty('a rule that was voted about is there')
    // A brake only takes away, and is nobody's vote.
    hold(knownRules.has(canonicalize(withoutBrake(made))), 'a rule is as it was voted about')
  }
  hold(last?.rev === entry.rev, 'the last change made the entry')
  return decided(found)
}

/** Whatever is verified can be asked. */
function decided(caller: VerifiedEntry): string {
  const call = { port: 8080, method: 'GET', path: '/orders', now: new Date(1_800_000_000_000) }
  const ends = [caller, ...verified].map((callee) => {
    const [there, back] = [permit(caller, callee, call), permit(callee, caller, call)]
    return [there, back].map((one) => (one.ok ? String(one.value.allowed) : endingOf(one.refusal)))
  })
  return [...new Set(ends.flat())].sort().join(' ')
}

/** Changes a value, and has a log sign it that signs anything. */
const mutateAndCollude: Mutator = (input, material) => {
  const value = parse(input)
  if (value === undefined) return undefined
  const changed = mutatedValue(value, material) as Writable<Bundle>
  return colluded(changed, ORIGIN)
}

/** The same of the entry alone, what it is decided by, as its schema knows it. */
const mutateEntry: Mutator = (input, material) => {
  const read = parseBundle(input)
  if (!read.ok) return undefined
  const bundle = structuredClone(read.value) as unknown as Writable<Bundle>
  const { state } = bundle.entry
  bundle.entry.state = mutatedBySchema(
    state,
    storedEntry as Schema,
    state,
    material,
  ) as typeof state
  return colluded(bundle, ORIGIN)
}

const withLineFeed =
  (mutator: Mutator): Mutator =>
  (input, material) => {
    const made = mutator(input, material)
    return made && Buffer.concat([made, Buffer.from('\n')])
  }

function seeds(): readonly Uint8Array[] {
  return good.filter(({ length }) => length <= 65_536)
}

export const target: Target = {
  // Its index's signatures are verified by four kinds of trust.
  slowMs: 300,
  seeds,
  mutators: [mutateEntry, mutateEntry, mutateAndCollude, withLineFeed(mutateCanonical), mutateJson],
  run,
}
