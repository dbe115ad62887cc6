import type { Answer, CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import { type Outcome, refused, usage } from '../problem.js'
import {
  bindingOptions,
  bindingsFromOptions,
  parseKubernetesBinding,
  showBinding,
} from './binding-request.js'
import { changeOptions, sendChange } from './change.js'

async function add(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const bindings = bindingsFromOptions(call, call.rest(1))
  if (!bindings.ok) return bindings
  const [binding, ...more] = bindings.value
  if (binding === undefined || more.length > 0) {
    return usage('bind add binds one thing', { wanted: 'exactly one of --k8s, --vm, --edge' })
  }
  return sendChange(call, { op: 'binding.add', alias: alias.value, binding })
}

async function remove(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const [id, text] = [call.word(1), call.texts('k8s')[0]]
  if ((id === undefined) === (text === undefined)) {
    return usage('which binding?', { wanted: 'its id (capstan entry show), or --k8s' })
  }
  if (id !== undefined) {
    return sendChange(call, { op: 'binding.remove', alias: alias.value, binding: id })
  }
  const wanted = parseKubernetesBinding(text ?? '')
  if (!wanted.ok) return wanted
  const api = await call.operator()
  if (!api.ok) return api
  const entry = await api.value.read(`/v1/entries/${segment(alias.value)}`)
  if (!entry.ok) return entry
  const bindings = entry.value.objects('bindings')
  const found = bindings.find((binding) => isSame(binding, wanted.value))
  if (found === undefined) {
    return refused({
      code: 'namespace.unknown',
      detail: `${alias.value} has no such binding`,
      wanted: text ?? '',
      found: bindings.map(showBinding).join('\n') || 'no bindings',
    })
  }
  return sendChange(call, { op: 'binding.remove', alias: alias.value, binding: found.raw('id') })
}

function isSame(binding: JsonReader, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([key, value]) => binding.value[key] === value)
}

export const bindCommands: readonly CommandSpec[] = [
  {
    path: 'bind add',
    arguments: '<alias> [match...]',
    summary: 'bind an entry to the evidence that it is recognised by',
    details: ['What is bound to one entry cannot be bound to another: evidence never matches two.'],
    options: [...bindingOptions, ...changeOptions],
    examples: [
      'capstan bind add payments/api --k8s prod/payments/api',
      'capstan bind add payments/db --vm gcp project=payments zone=eu-west1-b',
      'capstan bind add plants/gateway --edge tpm/gateway-17 --fleet north',
    ],
    run: add,
  },
  {
    path: 'bind rm',
    arguments: '<alias> [binding]',
    summary: 'take a binding away; nothing is issued by it from then on',
    options: [...bindingOptions.slice(0, 1), ...changeOptions],
    examples: [
      'capstan bind rm payments/api --k8s prod/payments/api',
      'capstan bind rm payments/db bk7vq2m4x3a2c',
    ],
    run: remove,
  },
]
