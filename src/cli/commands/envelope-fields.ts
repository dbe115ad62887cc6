import { parseDuration, renderDuration } from '../../config/duration.js'
import { seconds } from '../../core/time.js'
import { visible } from '../../core/visible.js'
import type { OptionSpec } from '../command.js'
import { aliasOf, type Invocation } from '../invocation.js'
import { type Outcome, usage } from '../problem.js'
import type { Field } from '../screen/fields.js'

type FieldKind = 'duration' | 'list' | 'aliases' | 'clusters' | 'ports' | 'choice'

interface EnvelopeField {
  readonly name: string
  /** The option that sets it, without dashes. */
  readonly option: string
  readonly kind: FieldKind
  readonly description: string
}

/** Every field of an envelope, in the order they are shown. */
const envelopeFields: readonly EnvelopeField[] = [
  {
    name: 'attestors',
    option: 'attestors',
    kind: 'list',
    description: 'kubernetes, join-token, vm, edge',
  },
  {
    name: 'maxTtl',
    option: 'max-ttl',
    kind: 'duration',
    description: 'longest lifetime, at most 24h',
  },
  { name: 'keyAlgs', option: 'key-algs', kind: 'list', description: 'P-256, P-384, Ed25519, RSA' },
  { name: 'usages', option: 'usages', kind: 'list', description: 'serverAuth, clientAuth' },
  {
    name: 'sanKinds',
    option: 'san-kinds',
    kind: 'list',
    description: 'dns-linkerd, dns-entry, spiffe',
  },
  {
    name: 'names',
    option: 'names',
    kind: 'aliases',
    description: 'subtrees of names that may be held',
  },
  { name: 'clusters', option: 'clusters', kind: 'clusters', description: 'cluster uids, or *' },
  {
    name: 'mayCall',
    option: 'may-call',
    kind: 'aliases',
    description: 'subtrees that may be called',
  },
  {
    name: 'mayAccept',
    option: 'may-accept',
    kind: 'aliases',
    description: 'subtrees whose calls may be accepted',
  },
  { name: 'ports', option: 'ports', kind: 'ports', description: '443,8000-8080' },
  {
    name: 'allowUnauthenticated',
    option: 'allow-unauthenticated',
    kind: 'choice',
    description: 'yes or no',
  },
  { name: 'federate', option: 'federate', kind: 'list', description: 'uids of peers' },
  {
    name: 'graceAfterExpiry',
    option: 'grace-after-expiry',
    kind: 'duration',
    description: 'how long an expired certificate may still renew, at most 90d',
  },
  {
    name: 'capabilities',
    option: 'capabilities',
    kind: 'list',
    description: "reader: may read Capstan's own API; submitter: may hand in what voters signed",
  },
]

/** One option per field. Lists are separated by commas; an empty text allows nothing. */
export const envelopeOptions: readonly OptionSpec[] = envelopeFields.map((field) => ({
  flags: `--${field.option} <${field.kind === 'duration' ? 'duration' : field.kind === 'choice' ? 'yes|no' : 'list'}>`,
  description: field.description,
  ...(field.kind === 'choice' ? { choices: ['yes', 'no'] } : {}),
}))

/** The fields given on the command line, ready for the wire. */
export function envelopeFromOptions(call: Invocation): Outcome<Readonly<Record<string, unknown>>> {
  const envelope: Record<string, unknown> = {}
  for (const field of envelopeFields) {
    const text = call.text(camel(field.option))
    if (text === undefined) continue
    const value = parseField(field, text)
    if (!value.ok) return value
    envelope[field.name] = value.value
  }
  return { ok: true, value: envelope }
}

function parseField(field: EnvelopeField, text: string): Outcome<unknown> {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  switch (field.kind) {
    case 'duration': {
      const length = parseDuration(text)
      if (length !== undefined) return { ok: true, value: length }
      return badField(field, '30s, 10m, 24h or 7d', text)
    }
    case 'list':
      return { ok: true, value: items }
    case 'clusters':
      return { ok: true, value: text === '*' ? '*' : items }
    case 'choice':
      return { ok: true, value: text === 'yes' }
    case 'aliases': {
      const aliases: string[] = []
      for (const item of items) {
        const alias = aliasOf(item)
        if (!alias.ok) return alias
        aliases.push(alias.value)
      }
      return { ok: true, value: aliases }
    }
    case 'ports': {
      const ranges = items.map(parsePorts)
      const bad = ranges.indexOf(undefined)
      return bad === -1
        ? { ok: true, value: ranges }
        : badField(field, '443 or 8000-8080', items[bad] ?? '')
    }
  }
}

/** `443` or `8000-8080`; undefined for what is neither. */
export function parsePorts(text: string): readonly [number, number] | undefined {
  const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? []
  if (first === undefined) return undefined
  const range = [Number(first), Number(last ?? first)] as const
  return range[0] >= 1 && range[0] <= range[1] && range[1] <= 65_535 ? range : undefined
}

const badField = (field: EnvelopeField, wanted: string, found: string): Outcome<never> =>
  usage(`--${field.option} cannot be read`, { wanted, found: JSON.stringify(found.slice(0, 40)) })

/** An envelope field by field. What is absent allows nothing, and says so. */
export function renderEnvelope(envelope: Readonly<Record<string, unknown>>): readonly Field[] {
  const known = envelopeFields.map((field): Field => [
    field.name,
    showField(field, envelope[field.name]),
  ])
  const others = Object.keys(envelope).filter(
    (name) => !envelopeFields.some((field) => field.name === name),
  )
  return [
    ...known,
    ...others.map((name): Field => [visible(name), visible(JSON.stringify(envelope[name]))]),
  ]
}

function showField({ kind }: EnvelopeField, value: unknown): string {
  if (value === undefined || value === null) return kind === 'choice' ? 'no' : 'nothing'
  if (value === '*') return 'every cluster'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) return String(value)
    return value === 0 ? 'none' : renderDuration(seconds(value))
  }
  if (!Array.isArray(value)) return visible(JSON.stringify(value))
  if (value.length === 0) return 'nothing'
  if (kind === 'ports') return value.map(showPorts).join(', ')
  return value.map((item) => (item === '' ? 'everything' : visible(String(item)))).join(', ')
}

export function showPorts(range: unknown): string {
  const [from, to] = Array.isArray(range) ? range.map(String) : []
  return visible(from === to ? String(from) : `${String(from)}-${String(to)}`)
}

const camel = (option: string): string =>
  option.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
