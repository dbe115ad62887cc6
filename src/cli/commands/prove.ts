import type { Alias } from '../../core/alias.js'
import { type UnixSeconds, unixSeconds } from '../../core/time.js'
import { formatAnswer, type Question } from '../../verify/answer.js'
import { type Bundle, parseBundle } from '../../verify/bundle.js'
import type { LogAsk } from '../../verify/log-question.js'
import type { Answer, CommandSpec, OptionSpec } from '../command.js'
import { deliver } from '../deliver.js'
import type { Invocation } from '../invocation.js'
import { segment } from '../operator-api.js'
import { type Outcome, refused, usage } from '../problem.js'
import { proveByLog } from '../proof/prove-by-log.js'

export const proveOptions: readonly OptionSpec[] = [
  {
    flags: '--prove',
    description: 'print what the answer follows from, for capstan verify on another machine',
  },
  { flags: '-o, --out <file>', description: 'with --prove: write it to a file, in one step' },
]

/** Refused where `--prove` is asked for; undefined where it is not. */
export function noProof(
  call: Invocation,
  because: string,
  next: string,
): Outcome<never> | undefined {
  if (!call.has('prove')) return undefined
  return usage(`this answer cannot be proved to somebody else: ${because}`, {
    wanted: '--prove with a question about the index: docs/format-proof.md',
    next,
  })
}

/** Whether an option of `--prove` is misused. */
export function proveMisuse(call: Invocation): Outcome<never> | undefined {
  if (!call.has('prove') && call.text('out') !== undefined) return usage('--out goes with --prove')
  return undefined
}

/** Of what no bundle is, or none that is small enough: the log proves it. */
const withoutBundle = new Set(['namespace.unknown', 'namespace.wrong-state', 'request.too-large'])

/**
 * By bundles, where the question is about entries as they are; otherwise by the log. `run` answers the
 * question without its proof.
 */
export async function proveBest(
  call: Invocation,
  ask: LogAsk,
  run: CommandSpec['run'],
  byBundles: () => Promise<Outcome<Answer>>,
): Promise<Outcome<Answer>> {
  if (call.text('at') !== undefined) return proveByLog(call, ask, run)
  const proved = await byBundles()
  return !proved.ok && withoutBundle.has(proved.problem.code) ? proveByLog(call, ask, run) : proved
}

/** How often bundles are fetched, until they are of one state. */
const MOST_TRIES = 5

/** How much of an entry's history its bundle shows: as far as its rules want it, or all of it. */
type Shown = 'needed' | 'all'

/** The answer to a question about these entries, with their bundles, into a file or on the screen. */
export async function proveAbout(
  call: Invocation,
  aliases: readonly Alias[],
  shown: Shown,
  question: (found: readonly Alias[], at: UnixSeconds) => Question,
): Promise<Outcome<Answer>> {
  const found = await bundlesOf(call, aliases, shown)
  if (!found.ok) return found
  const bundles = found.value
  // Whose clock is behind does not ask about a time before what the answer follows from.
  const times = bundles.map(({ last }) => last.record.ts)
  const at = unixSeconds(Math.max(call.world.clock.now(), ...times))
  const asked = question(
    bundles.map(({ entry }) => entry.state.alias),
    at,
  )
  const octets = formatAnswer({ v: 1, question: asked, bundles })
  return deliver(call, JSON.parse(Buffer.from(octets).toString()), octets)
}

/** Of one state all of them: while the index changes, they are fetched again. */
async function bundlesOf(
  call: Invocation,
  aliases: readonly Alias[],
  shown: Shown,
): Promise<Outcome<readonly Bundle[]>> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const bundles: Bundle[] = []
    for (const alias of aliases) {
      const bundle = await bundleOf(call, alias, shown)
      if (!bundle.ok) return bundle
      bundles.push(bundle.value)
    }
    if (new Set(bundles.map(({ last }) => last.record.seq)).size === 1) {
      return { ok: true, value: bundles }
    }
  }
  return refused({
    code: 'bundle.not-proved',
    detail: 'the index changes too fast: no two bundles are of one state',
    next: 'ask again in a moment',
  })
}

async function bundleOf(call: Invocation, alias: Alias, shown: Shown): Promise<Outcome<Bundle>> {
  const api = await call.operator()
  if (!api.ok) return api
  const path = `/v1/entries/${segment(alias)}/bundle${shown === 'all' ? '?commits=all' : ''}`
  const found = await api.value.octets(path, 'application/json')
  if (!found.ok) return found
  const bundle = parseBundle(found.value)
  return bundle.ok ? bundle : refused(bundle.refusal)
}
