import type { Config } from '../../config/config.js'
import { answer, type CommandSpec } from '../command.js'
import type { ExitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'

const serving =
  (start: (call: Invocation, config: Config) => Promise<ExitCode>): CommandSpec['run'] =>
  async (call) => {
    const config = await call.config()
    if (!config.ok) return config
    const exit = await start(call, config.value)
    return answer({ stopped: true, exit }, () => '', exit)
  }

export const serveCommands: readonly CommandSpec[] = [
  {
    path: 'serve',
    summary: 'serve the CA until SIGTERM',
    details: ['Logs to standard error. SIGTERM drains: what is recorded is also answered.'],
    examples: ['capstan serve --config /etc/capstan/capstan.yaml'],
    run: serving((call, config) => call.world.serve(config)),
  },
  {
    path: 'dev',
    summary: 'serve a development CA, founded on first use',
    details: [
      'What npm start runs. Prints what is served where, and commands that get a first certificate.',
    ],
    examples: ['capstan dev', 'capstan dev --data /tmp/capstan-dev'],
    run: serving((call, config) => call.world.dev(config)),
  },
]
