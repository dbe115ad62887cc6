import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { cell, renderTable } from '../screen/table.js'
import { changeOptions, sendChange } from './change.js'
import { mappingFromFile } from './mapping-file.js'
import {
  ruleFromOptions,
  ruleOptions,
  showCallers,
  showPortRanges,
  showRoutes,
  showRuleId,
  showTimes,
} from './rule-fields.js'

async function ruleOf(call: Invocation): Promise<Outcome<Readonly<Record<string, unknown>>>> {
  const [file, id] = [call.text('file'), call.text('id')]
  const rule =
    file === undefined ? ruleFromOptions(call) : await mappingFromFile(call, file, 'rule')
  if (!rule.ok || id === undefined) return rule
  return { ok: true, value: { ...rule.value, id } }
}

async function put(call: Invocation, op: 'rule.attach' | 'rule.replace'): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const rule = await ruleOf(call)
  if (!rule.ok) return rule
  if (op === 'rule.replace' && rule.value['id'] === undefined) {
    return usage('which rule?', { wanted: '--id, or an id in the --file' })
  }
  return sendChange(call, { op, alias: alias.value, rule: rule.value })
}

async function detach(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  return sendChange(call, { op: 'rule.detach', alias: alias.value, rule: call.word(1) ?? '' })
}

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.read(`/v1/entries/${segment(alias.value)}/rules`)
  if (!found.ok) return found
  const rules = found.value.objects('rules')
  return answer({ rules: rules.map(({ value }) => value) }, (look) => {
    if (rules.length === 0) return 'no rules: nobody may call it'
    const titles = ['rule', 'callers', 'ports', 'routes', 'when', 'revision']
    return renderTable(
      look,
      titles.map((title) =>
        ['callers', 'routes'].includes(title) ? { title, shrinks: 'when-narrow' } : { title },
      ),
      rules.map((rule) => [
        cell(showRuleId(rule)),
        cell(showCallers(rule)),
        cell(showPortRanges(rule)),
        cell(showRoutes(rule)),
        cell(showTimes(rule, look.now)),
        cell(String(rule.count('rev'))),
      ]),
    )
  })
}

const idOption = (description: string): OptionSpec => ({ flags: '--id <id>', description })
const fileOption: OptionSpec = {
  flags: '-f, --file <file>',
  description: 'the whole rule, as YAML or JSON (- for standard input)',
}

export const ruleCommands: readonly CommandSpec[] = [
  {
    path: 'rules attach',
    arguments: '<alias>',
    summary: 'let others call an entry',
    details: [
      'Nothing may be called that no rule allows. Callers are kept by what they are, not by what they are called: a rule follows a renamed caller, and a retired one leaves nothing behind.',
      'Without routes everything on the ports is allowed. Header matches are written in a --file.',
    ],
    options: [
      idOption('its name (default: made of the rule)'),
      ...ruleOptions,
      fileOption,
      ...changeOptions,
    ],
    examples: [
      "capstan rules attach payments/api --id shop --caller web/shop --port 8080 --prefix 'GET /orders'",
      'capstan rules attach payments/api --subtree ops --port 9090 --until 2027-01-01T00:00:00Z',
      'capstan rules attach payments/api --file rule.yaml --reason "checkout needs refunds"',
    ],
    run: (call) => put(call, 'rule.attach'),
  },
  {
    path: 'rules replace',
    arguments: '<alias>',
    summary: 'put another rule in the place of one, under the same id',
    details: ['A rule that allows nothing more than before is a narrowing change.'],
    options: [idOption('which rule'), ...ruleOptions, fileOption, ...changeOptions],
    examples: [
      "capstan rules replace payments/api --id shop --caller web/shop --port 8080 --route 'GET /orders'",
    ],
    run: (call) => put(call, 'rule.replace'),
  },
  {
    path: 'rules detach',
    arguments: '<alias> <rule>',
    summary: 'take a rule away; what it alone allowed is denied from then on',
    options: changeOptions,
    examples: ['capstan rules detach payments/api shop --reason "shop is gone"'],
    run: detach,
  },
  {
    path: 'rules list',
    arguments: '<alias>',
    summary: 'show who may call an entry',
    examples: ['capstan rules list payments/api'],
    run: list,
  },
]
