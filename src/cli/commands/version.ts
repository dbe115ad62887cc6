import { answer, type CommandSpec } from '../command.js'

export const versionCommand: CommandSpec = {
  path: 'version',
  summary: 'print the version',
  examples: ['capstan version --json'],
  run: (call) => {
    const { version } = call.world
    return Promise.resolve(answer({ version }, () => `capstan ${version}`))
  },
}
