import { remoteOptions } from './any-server.js'
import { commonOptions } from './build-program.js'
import type { CommandSpec, OptionSpec } from './command.js'
import { commands } from './command-tree.js'
import { exitMeanings } from './exit-code.js'

/** The command reference, as Markdown. `docs/cli.md` is this. */
export function renderCliReference(): string {
  return [
    '# Command reference',
    '<!-- Written by scripts/references.mjs from the command tree. -->',
    'Commands talk to the running server over its Unix socket, and open the data folder themselves when no server runs. `cert get` and `cert renew` talk HTTPS from anywhere. Times are UTC; durations are written `30s`, `10m`, `24h`, `7d`; `/` is the root scope.',
    '## Exit codes',
    table(['code', 'meaning'], Object.entries(exitMeanings)),
    'A refusal is printed on standard error: `refused: <code>`, a sentence, then what was `wanted`, what was `found`, what to do `next` and the `request` id that the server logged. With `--json` the problem document goes to standard output instead.',
    '## Options of every command',
    optionTable(commonOptions),
    '## Options of every command that a voter uses',
    'Those that say so ask a server on another machine over mutual TLS, as an entry that may read, and may hand in statements ([governance.md](governance.md#from-another-machine)). What this installation decides itself stays on its machine.',
    optionTable(remoteOptions),
    '## Commands',
    ...commands.map(section),
  ]
    .join('\n\n')
    .concat('\n')
}

function section(spec: CommandSpec): string {
  const usageLine = ['capstan', spec.path, spec.arguments, '[options]'].filter(Boolean).join(' ')
  return [
    `### ${spec.path}`,
    `\`${usageLine}\``,
    `${capitalised(spec.summary)}.`,
    ...(spec.details ?? []),
    ...(spec.options === undefined || spec.options.length === 0 ? [] : [optionTable(spec.options)]),
    ...(spec.asks === undefined ? [] : ['With `--server` from another machine.']),
    ['```sh', ...spec.examples, '```'].join('\n'),
  ].join('\n\n')
}

function optionTable(options: readonly OptionSpec[]): string {
  return table(
    ['option', 'meaning'],
    options.map((option) => {
      const notes = [
        option.description,
        option.choices ? `one of ${option.choices.join(', ')}` : '',
        option.repeat ? 'may be repeated' : '',
        option.need ? 'required' : '',
      ].filter((note) => note !== '')
      return [`\`${option.flags}\``, notes.join('; ')]
    }),
  )
}

/** Cells escape the one character that ends them. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
