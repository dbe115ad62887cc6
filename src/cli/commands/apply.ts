import { parseYaml } from '../../config/yaml-source.js'
import { seconds, type Seconds } from '../../core/time.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, refused, usage } from '../problem.js'
import type { Colour, Look } from '../screen/look.js'
import { awaitDecisions, exitOfDecisions } from '../voting/await-decisions.js'
import { changeOptions, renderChange } from './change.js'
import { renderWaiting } from './proposal-screen.js'
import { proposeAs, withoutAuthor } from './proposing.js'
import { renderWarnings } from './warnings-screen.js'
import { watched } from './watched.js'

async function apply(call: Invocation): Promise<Outcome<Answer>> {
  const within = call.duration('wait')
  if (!within.ok) return within
  const document = await readDocument(call)
  if (!document.ok) return document
  const asked = { document: document.value, why: call.why() }
  const wait = within.value ?? seconds(0)
  const isOwn = call.has('as')
  if (call.has('server') && call.has('dryRun')) {
    return usage('--dry-run asks the server of this machine', {
      wanted: '--as VOTER --unsigned: what it would propose, with what that would do',
    })
  }
  // What it comes to is shown with each proposal, before it is signed.
  if (isOwn && (call.has('draft') || call.has('server'))) return proposeIt(call, asked, wait)
  const alone = isOwn ? undefined : withoutAuthor(call)
  if (alone?.ok === false) return alone
  const api = await call.operator()
  if (!api.ok) return api
  const planned = await watched(
    call,
    api.value,
    api.value.send('/v1/apply', { document: document.value, dryRun: true }),
  )
  if (!planned.ok) return planned
  const plan = planned.value.objects('changes')
  if (call.has('dryRun') || plan.length === 0) {
    return answer(planned.value.value, (look) => renderPlan(look, plan))
  }
  const removed = plan.filter((change) => change.text('kind') === 'remove')
  if (removed.length > 0 && !call.has('yes')) {
    return refused({
      code: 'cli.needs-yes',
      detail: 'the document takes things away for ever',
      found: removed.map((change) => change.text('subject')).join('\n'),
      next: 'look at it with --dry-run, then repeat with --yes',
    })
  }
  if (isOwn) return proposeIt(call, asked, wait)
  const applied = await watched(
    call,
    api.value,
    api.value.send('/v1/apply', { document: document.value, dryRun: false, ...asked.why }),
  )
  if (!applied.ok) return applied
  // What another operator changed in between is planned again: the second answer is what happened.
  const proposed = await awaitDecisions(call, api.value, {
    proposed: applied.value.objects('proposed'),
    within: wait,
  })
  if (!proposed.ok) return proposed
  return answer(
    { ...applied.value.value, proposed: proposed.value.map(({ value }) => value) },
    (look) =>
      [
        renderPlan(look, applied.value.objects('changes')),
        '',
        ...applied.value.objects('applied').map((change) => renderChange(look, change)),
        ...proposed.value.map((proposal) => renderWaiting(look, proposal)),
        ...renderWarnings(look, applied.value),
      ].join('\n'),
    exitOfDecisions(proposed.value),
  )
}

/** As whom `--as` names: nothing of it is made at once, whoever decides. */
async function proposeIt(
  call: Invocation,
  asked: { readonly document: unknown; readonly why: Readonly<Record<string, string>> },
  within: Seconds,
): Promise<Outcome<Answer>> {
  const proposed = await proposeAs(call, asked)
  if (!proposed.ok) return proposed
  if (proposed.value.kind === 'printed') return proposed.value.answer
  const api = await call.operator()
  if (!api.ok) return api
  const waited = { proposed: proposed.value.proposals, within }
  const decided = await awaitDecisions(call, api.value, waited)
  if (!decided.ok) return decided
  const json = { changes: [], applied: [], proposed: decided.value.map(({ value }) => value) }
  return answer(
    json,
    (look) => decided.value.map((one) => renderWaiting(look, one)).join('\n'),
    exitOfDecisions(decided.value),
  )
}

async function readDocument(call: Invocation): Promise<Outcome<unknown>> {
  const name = call.text('file') ?? '-'
  const text = await call.file(name)
  if (!text.ok) return text
  const parsed = parseYaml(text.value.toString('utf8'))
  if (parsed.ok) return { ok: true, value: parsed.source.value }
  const found = parsed.problems.map(({ line, what }) => `${name}:${line}: ${what}`).join('\n')
  return usage(`${name} is not YAML`, { found })
}

const MARKS: Readonly<Record<string, { readonly sign: string; readonly colour: Colour }>> = {
  add: { sign: '+', colour: 'green' },
  change: { sign: '~', colour: 'yellow' },
  remove: { sign: '-', colour: 'red' },
}

function renderPlan(look: Look, plan: readonly JsonReader[]): string {
  if (plan.length === 0) return 'nothing to change'
  const blocks = plan.map((change) => {
    const { sign, colour } = MARKS[change.text('kind')] ?? { sign: '?', colour: 'yellow' }
    const head = look.paint(colour, `${sign} ${change.text('subject')}`)
    return [head, ...change.texts('lines').map((line) => `    ${line}`)].join('\n')
  })
  const count = (kind: string): number =>
    plan.filter((change) => change.text('kind') === kind).length
  const total = `${count('add')} to add, ${count('change')} to change, ${count('remove')} to remove`
  return [...blocks, total].join('\n')
}

const documentOptions: readonly OptionSpec[] = [
  {
    flags: '-f, --file <file>',
    description: 'the document, YAML or JSON (- for standard input)',
    need: 'required',
  },
  { flags: '--dry-run', description: 'show the difference only' },
  { flags: '--yes', description: 'also take things away' },
  ...changeOptions,
]

export const proposeCommand: CommandSpec = {
  path: 'propose',
  summary: 'propose what a file says, and do not wait',
  details: [
    'As `capstan apply` without --wait: one proposal for each scope whose voters decide, and exit code 8 while they wait. What the installation decides alone is made at once, unless --as says whose proposal it is.',
    'One change by itself: its own command proposes it (`capstan entry create ... --reason ... --as ann --key ann.key`).',
  ],
  options: documentOptions,
  examples: [
    'capstan propose -f namespace.yaml --reason "new shop" --ticket OPS-7 --as ann --key ann.key',
  ],
  run: apply,
}

export const applyCommand: CommandSpec = {
  path: 'apply',
  summary: 'make the namespace as a file says',
  details: [
    'Shows the difference, then commits all of it or nothing. The same file again changes nothing.',
    'What others have to vote about is proposed: exit code 8, and with --wait 0 when all of it has passed, 3 when some of it has not.',
    'With --as all of it is proposed by that voter, and nothing is made at once.',
    'Never asks. What takes things away for ever (prune: true) needs --yes.',
  ],
  options: [
    ...documentOptions,
    {
      flags: '--wait <duration>',
      description: 'wait so long for the votes that it needs: 30m',
    },
  ],
  examples: [
    'capstan apply -f namespace.yaml --dry-run',
    'cat namespace.yaml | capstan apply -f -',
    'capstan apply -f namespace.yaml --wait 30m --reason spring --ticket OPS-7',
  ],
  run: apply,
}
