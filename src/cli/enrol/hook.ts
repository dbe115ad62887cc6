import { type CommandReport, runOwnCommand } from '../own-command.js'
import type { IdentityMeta } from './identity-folder.js'

/** Runs the operator's own command after the identity in `folder` has changed. */
export const runHook = (
  command: string,
  folder: string,
  meta: IdentityMeta,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CommandReport> =>
  runOwnCommand(command, {
    ...env,
    // A spent token is of no use to the hook, and none of its business.
    CAPSTAN_TOKEN: undefined,
    CAPSTAN_CERT_DIR: folder,
    CAPSTAN_ALIAS: meta.alias,
    CAPSTAN_SERIAL: meta.serial,
    CAPSTAN_NOT_AFTER: meta.notAfter,
  })
