import { parseArgs } from 'node:util'

const options = {
  quick: {
    type: 'boolean',
    default: false,
    says: 'fewer requests: for a look while changing code',
  },
  full: { type: 'boolean', default: false, says: 'the largest ledger, index and memory run too' },
  json: { type: 'string', takes: 'FILE', says: 'everything as one object' },
  concurrency: { type: 'string', takes: 'N,N', default: '1,16,128', says: 'calls in flight' },
  repeat: { type: 'string', takes: 'N', default: '1', says: 'each row N times; the median stands' },
  workers: { type: 'string', takes: 'N', says: '`server.workers` of the server under test' },
  folder: { type: 'string', takes: 'DIR', says: 'where data is kept: a real disk' },
  keep: {
    type: 'string',
    takes: 'DIR',
    says: 'governance, replay: entries applied once, into DIR',
  },
  entries: { type: 'string', takes: 'N,N', says: 'governance, replay: with so many entries' },
  profile: { type: 'string', takes: 'DIR', says: 'CPU profiles of the server, into DIR' },
  help: { type: 'boolean', default: false, says: 'this' },
}
const NUMBERS = ['concurrency', 'repeat', 'workers', 'entries']
const SEVERAL = ['concurrency', 'entries']

/** What the command line asks for cannot be had: `message` says what is wrong, and there is no more to say. */
export class BadOptions extends Error {}

/** `{options, wanted}`; numbers are numbers, and lists of them arrays. Throws `BadOptions`. */
export function readOptions(args, all) {
  const { values, positionals } = parsed(args)
  const wanted = all.filter(
    ({ name }) => positionals.length === 0 || positionals.some((prefix) => name.startsWith(prefix)),
  )
  const unknown = positionals.find((prefix) => !all.some(({ name }) => name.startsWith(prefix)))
  if (unknown !== undefined) {
    throw new BadOptions(`nothing is called ${unknown}; there are ${namesOf(all)}`)
  }
  for (const name of NUMBERS) {
    if (values[name] === undefined) continue
    const numbers = values[name].split(',').map(Number)
    const areGood = numbers.every((number) => Number.isSafeInteger(number) && number > 0)
    if (!areGood || (numbers.length > 1 && !SEVERAL.includes(name))) {
      throw new BadOptions(`--${name} takes ${options[name].takes}, found ${values[name]}`)
    }
    values[name] = SEVERAL.includes(name) ? numbers : numbers[0]
  }
  return { options: values, wanted }
}

function parsed(args) {
  try {
    return parseArgs({ args, allowPositionals: true, options })
  } catch (error) {
    throw new BadOptions(`${error.message.split('. ')[0]}; --help lists the options`)
  }
}

/** For `--help`. */
export function usage(all) {
  const lines = Object.entries(options).map(([name, { takes = '', says, default: usual }]) => {
    const isSaid = typeof usual === 'string' ? ` (${usual})` : ''
    return `  ${`--${name} ${takes}`.padEnd(20)} ${says}${isSaid}`
  })
  return [
    'npm run bench -- [NAME-PREFIX...] [OPTION...]',
    '',
    `Names: ${namesOf(all)}. Without one: all of them, half an hour.`,
    '',
    ...lines,
    '',
    'bench/README.md says what each name measures, and how.',
  ].join('\n')
}

const namesOf = (all) => all.map(({ name }) => name).join(', ')
