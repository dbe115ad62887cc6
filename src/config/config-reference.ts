import { type ConfigNode, configSchema, leafKeys } from './config-schema.js'
import { variableOf } from './environment.js'

/** The configuration reference, as Markdown. `docs/configuration.md` is this. */
export function renderConfigReference(): string {
  const schema: ConfigNode = configSchema
  const sections = Object.entries(schema.properties ?? {}).map(([name, node]) =>
    section(name, node),
  )
  return `${[
    '# Configuration',
    '<!-- Written by scripts/references.mjs from the schema. -->',
    introduction,
    ...sections,
    overriding,
  ].join('\n\n')}\n`
}

const introduction = `One YAML file, named by \`--config\` or \`CAPSTAN_CONFIG\`; without either, \`capstan.yaml\` in the current folder if it is there. Everything has a default, so the file may be empty. \`capstan config check\` names everything that is wrong at once, each with its line; \`capstan config show\` prints what is in force and where it comes from. The schema for editors is \`schema/config.schema.json\`:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/capstan/schema/config.schema.json
dataDir: /var/lib/capstan
keys:
  kek: { file: /run/secrets/capstan-kek }
server:
  http: { listen: '0.0.0.0:8443', names: [ca.acme.example] }
\`\`\`

Durations are written \`30s\`, \`10m\`, \`24h\`, \`7d\`. Relative paths are relative to the folder of the file; those given by variables or on the command line, to the current folder. The configuration never holds a secret: it names the file or the environment variable that does.`

const overriding = `## Environment

Every value has a variable, \`CAPSTAN_\` and the keys in upper case, joined by two underscores; it stands above the file. Lists are separated by commas. A variable with two underscores that is no key is refused, so that a typing mistake is not silently ignored. \`--data\` stands above both.`

function section(name: string, node: ConfigNode): string {
  const rows = leafKeys(node, [name]).map(({ keys, node: leaf }) => [
    `\`${keys.join('.')}\``,
    defaultOf(keys, leaf),
    `${leaf.description} ${capitalised(leaf.wanted ?? '')}.`,
    `\`${variableOf(keys)}\``,
  ])
  return [
    `## ${name}`,
    node.description,
    table(['key', 'default', 'meaning', 'variable'], rows),
  ].join('\n\n')
}

function defaultOf(keys: readonly string[], node: ConfigNode): string {
  if (keys.join('.') === 'keys.kek.file') return '`kek` in `dataDir`'
  if (keys.join('.') === 'server.socket') return '`capstan.sock` in `dataDir`'
  if (node.default === undefined) return '-'
  const { default: value } = node
  return `\`${typeof value === 'object' ? value.join(', ') : value}\``
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
