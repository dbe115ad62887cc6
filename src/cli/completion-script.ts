import { optionsOf } from './any-server.js'
import { commonOptions } from './build-program.js'
import type { CommandSpec, OptionSpec } from './command.js'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export const isShell = (text: string): text is Shell => shells.some((shell) => shell === text)

/** Words that may follow one point of the command tree. */
interface Place {
  /** Words typed so far after `capstan`, joined by blanks; empty at the start. */
  readonly at: string
  readonly next: readonly { readonly word: string; readonly about: string }[]
  readonly options: readonly OptionSpec[]
}

/** A completion script of commands, options and the values that an option can have. */
export function completionScript(
  shell: Shell,
  commands: readonly CommandSpec[],
  groups: Readonly<Record<string, string>>,
): string {
  const places = placesOf(commands, groups)
  switch (shell) {
    case 'bash':
      return bash(places)
    case 'zsh':
      return zsh(places)
    case 'fish':
      return fish(places)
  }
}

function placesOf(
  commands: readonly CommandSpec[],
  groups: Readonly<Record<string, string>>,
): readonly Place[] {
  const paths = new Set(commands.flatMap(({ path }) => prefixes(path)))
  return ['', ...paths].map((at) => {
    const command = commands.find(({ path }) => path === at)
    const next = [...paths]
      .filter((path) => path.startsWith(at === '' ? '' : `${at} `) && depth(path) === depth(at) + 1)
      .map((path) => ({
        word: path.split(' ').at(-1) ?? '',
        about: commands.find((one) => one.path === path)?.summary ?? groups[path] ?? '',
      }))
    return { at, next, options: command ? [...optionsOf(command), ...commonOptions] : [] }
  })
}

const depth = (path: string): number => (path === '' ? 0 : path.split(' ').length)

const prefixes = (path: string): readonly string[] =>
  path.split(' ').map((_, index, words) => words.slice(0, index + 1).join(' '))

/** `--file` of `-f, --file <file>`. */
const longFlag = (option: OptionSpec): string => /--[a-z0-9-]+/.exec(option.flags)?.[0] ?? ''

const takesValue = (option: OptionSpec): boolean => option.flags.includes('<')

const words = (place: Place): string =>
  [...place.next.map(({ word }) => word), ...place.options.map(longFlag), '--help'].join(' ')

function bash(places: readonly Place[]): string {
  const cases = places.map((place) => `    '${place.at}') words='${words(place)}' ;;`)
  const values = places.flatMap(({ at, options }) =>
    options.filter(takesValue).map((option) => {
      const reply = option.choices
        ? `COMPREPLY=($(compgen -W '${option.choices.join(' ')}' -- "$cur"))`
        : 'COMPREPLY=($(compgen -f -- "$cur"))'
      return `    '${at} ${longFlag(option)}') ${reply}; return ;;`
    }),
  )
  return `# bash completion for capstan
_capstan() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  local at='' try words word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    try="\${at:+$at }$word"
    case "$try" in
${pattern(places)}) at="$try" ;;
    esac
  done
  case "$at $prev" in
${values.join('\n')}
  esac
  case "$at" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _capstan capstan
`
}

const pattern = (places: readonly Place[]): string =>
  `      ${places
    .filter(({ at }) => at !== '')
    .map(({ at }) => `'${at}'`)
    .join('|')}`

function zsh(places: readonly Place[]): string {
  const cases = places.map((place) => {
    const described = [
      ...place.next.map(({ word, about }) => `${word}:${about}`),
      ...place.options.map((option) => `${longFlag(option)}:${option.description}`),
      '--help:show help',
    ]
    return `    '${place.at}') found=(${described.map(quoteZsh).join(' ')}) ;;`
  })
  return `#compdef capstan
_capstan() {
  local -a found
  local at='' try word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    try="\${at:+$at }$word"
    case "$try" in
${pattern(places)}) at="$try" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  _describe 'capstan' found
  _files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _capstan "$@"; else compdef _capstan capstan; fi
`
}

const quoteZsh = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function fish(places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const when = `-n '__capstan_at "${place.at}"'`
    return [
      ...place.next.map(
        ({ word, about }) => `complete -c capstan -f ${when} -a ${word} -d ${quoteFish(about)}`,
      ),
      ...place.options.map((option) => {
        const values = option.choices ? ` -f -a '${option.choices.join(' ')}'` : ''
        const needs = takesValue(option) ? ' -r' : ''
        return `complete -c capstan ${when} -l ${longFlag(option).slice(2)}${needs}${values} -d ${quoteFish(option.description)}`
      }),
    ]
  })
  const known = places
    .filter(({ at }) => at !== '')
    .map(({ at }) => `'${at}'`)
    .join(' ')
  return `# fish completion for capstan
function __capstan_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        set -l try (string trim -- "$at $word")
        if contains -- $try ${known}
            set at $try
        end
    end
    test "$at" = "$argv[1]"
end
${lines.join('\n')}
`
}

const quoteFish = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
