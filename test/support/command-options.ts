import { parseArgs, type ParseArgsConfig } from 'node:util'

/** As `parseArgs`, but for an option that there is not: prints what is wrong and the usage, and ends with 2. */
export function commandOptions<T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    return wrongUsage(usage, error instanceof Error ? (error.message.split('. ')[0] ?? '') : '')
  }
}

export function wrongUsage(usage: string, what: string): never {
  process.stderr.write(`${what}\n${usage}\n`)
  process.exit(2)
}
