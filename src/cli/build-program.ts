import { Command, Option } from 'commander'
import { optionsOf } from './any-server.js'
import type { CommandSpec, OptionSpec } from './command.js'
import { exitMeanings } from './exit-code.js'

/** What the parser found: which command, with which words and options. */
export type Chosen = (
  spec: CommandSpec,
  words: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
) => Promise<void>

/** Options that every command has. */
export const commonOptions: readonly OptionSpec[] = [
  { flags: '--json', description: 'print JSON' },
  { flags: '--data <folder>', description: 'data folder (above the configuration)' },
  {
    flags: '--config <file>',
    description: 'configuration file (default: CAPSTAN_CONFIG, else ./capstan.yaml)',
  },
]

interface Tree {
  readonly version: string
  readonly groups: Readonly<Record<string, string>>
  readonly commands: readonly CommandSpec[]
}

/** The declared commands as a commander program that writes nowhere by itself and ends nothing. */
export function buildProgram(
  tree: Tree,
  write: { readonly out: (text: string) => void; readonly err: (text: string) => void },
  chosen: Chosen,
): Command {
  const program = new Command('capstan')
  const settle = (command: Command): Command =>
    command
      // Else `certs revoke X --data D` would give `--data` to `certs`, and revoke somewhere else.
      .enablePositionalOptions()
      .exitOverride()
      .configureOutput({ writeOut: write.out, writeErr: write.err, getOutHasColors: () => false })
      .helpOption('-h, --help', 'show this help')
  settle(program)
    .description('An index-rooted workload certificate authority.')
    .version(tree.version, '-V, --version', 'print the version')
    .addHelpText('after', rootHelp())
  for (const spec of tree.commands) {
    const words = spec.path.split(' ')
    const parent = words.slice(0, -1).reduce((above, word, index) => {
      const known = above.commands.find((command) => command.name() === word)
      const path = words.slice(0, index + 1).join(' ')
      return known ?? group(settle(above.command(word)), tree.groups[path] ?? '', spec)
    }, program)
    declare(settle(parent.command(words.at(-1) ?? '')), spec, chosen)
  }
  return program
}

/** A word in front of several commands; the first of them is its example. */
const group = (command: Command, description: string, first: CommandSpec): Command =>
  command.description(description).addHelpText('after', exampleHelp(first))

function declare(command: Command, spec: CommandSpec, chosen: Chosen): void {
  command.description([spec.summary, ...(spec.details ?? [])].join('\n\n')).summary(spec.summary)
  if (spec.arguments !== undefined) command.arguments(spec.arguments)
  for (const option of [...optionsOf(spec), ...commonOptions]) {
    const declared = new Option(option.flags, option.description)
    if (option.choices !== undefined) declared.choices([...option.choices])
    if (option.repeat === 'many') {
      declared.argParser<readonly string[] | undefined>((value, before) => [
        ...(before ?? []),
        value,
      ])
    }
    if (option.need === 'required') declared.makeOptionMandatory()
    command.addOption(declared)
  }
  command.addHelpText('after', exampleHelp(spec))
  command.action((...passed: unknown[]) =>
    chosen(spec, passed.slice(0, -2), command.opts<Readonly<Record<string, unknown>>>()),
  )
}

function exampleHelp(spec: CommandSpec): string {
  const title = spec.examples.length === 1 ? 'Example:' : 'Examples:'
  return `\n${title}\n${spec.examples.map((line) => `  $ ${line}`).join('\n')}`
}

function rootHelp(): string {
  const codes = Object.entries(exitMeanings).map(([code, meaning]) => `  ${code}  ${meaning}`)
  return [
    '\nExample:',
    '  $ capstan init --trust-domain acme.example',
    '  $ capstan serve',
    '',
    'Exit codes:',
    ...codes,
  ].join('\n')
}
