import type { CommandSpec, OptionSpec } from './command.js'

/** Options of every command that can ask a Capstan on another machine. */
export const remoteOptions: readonly OptionSpec[] = [
  { flags: '--server <url>', description: 'https://HOST:PORT (default: the local one)' },
  {
    flags: '--identity <folder>',
    description: 'with --server: who asks, a folder of `capstan cert get --renew`',
  },
  {
    flags: '--ca-bundle <file>',
    description: 'with --server: trust anchors to know it by (default: those of the identity)',
  },
]

/** What a voter asks and does, wherever they are, beside what `--as` proposes. */
const ofVoters: ReadonlySet<string> = new Set([
  'status',
  'scope show',
  'scope ls',
  'scope tree',
  'entry show',
  'entry ls',
  'cluster ls',
  'envelope show',
  'voter enrol',
  'voter votes',
  'group show',
  'inbox',
  'proposal show',
  'proposal withdraw',
  'impact',
  'vote',
  'submit',
  'brake',
  'brake list',
  'emergency list',
  'emergency invoke',
  'emergency drill',
  'recovery show',
  'recovery start',
  'recovery submit',
  'recovery cancel',
  'rules list',
  'splits list',
  'guards list',
  'permit',
  'why',
  'reach',
  'callers',
  'authority',
  'resilience',
  'log',
  'exceptions',
  'stale',
])

/** Of every command that asks a server: may it be one on another machine? */
export const forAnyServer = (commands: readonly CommandSpec[]): readonly CommandSpec[] =>
  commands.map((spec) => (isForAny(spec) ? { ...spec, asks: 'any-server' } : spec))

const isForAny = ({ path, options = [] }: CommandSpec): boolean =>
  ofVoters.has(path) || options.some(({ flags }) => flags.startsWith('--draft '))

/** Its own options, and those that say which server. */
export const optionsOf = ({ options = [], asks }: CommandSpec): readonly OptionSpec[] =>
  asks === undefined ? options : [...options, ...remoteOptions]
