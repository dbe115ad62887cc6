import { parseListenAddress } from '../../config/listen-address.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, usage } from '../problem.js'

async function serve(call: Invocation): Promise<Outcome<Answer>> {
  const listen = parseListenAddress(call.text('listen') ?? '127.0.0.1:7390')
  if (!listen) return usage('--listen is no address', { wanted: '127.0.0.1:7390 or [::1]:7390' })
  const exit = await call.world.serveMirror({
    folder: call.path(call.word(0) ?? ''),
    listen,
    issuanceRecords: call.has('issuanceRecords') ? 'shown' : 'hidden',
    format: call.has('pretty') ? 'pretty' : 'json',
  })
  return answer({ stopped: true, exit }, () => '', exit)
}

export const serveMirrorCommand: CommandSpec = {
  path: 'mirror serve',
  arguments: '<folder>',
  summary: 'show a mirror over plain HTTP until SIGTERM: C2SP tlog-tiles, for reading alone',
  details: [
    'GET /index/checkpoint, /index/tile/..., /index/envelopes/..., and of the issuance log the checkpoint and the hashes. It asks nobody who they are: let in those who may read the log, by the address that it listens on and by what stands before it.',
  ],
  options: [
    { flags: '--listen <address>', description: 'where to listen (default: 127.0.0.1:7390)' },
    {
      flags: '--issuance-records',
      description: 'show the records of the issuance log too: who got what, and when',
    },
    { flags: '--pretty', description: 'log lines for people instead of JSON' },
  ],
  examples: ['capstan mirror serve /srv/mirror --listen 127.0.0.1:7390'],
  run: serve,
}
