import { forAnyServer } from './any-server.js'
import type { CommandSpec } from './command.js'
import { applyCommand, proposeCommand } from './commands/apply.js'
import { auditCommand } from './commands/audit.js'
import { auditQuestionCommands } from './commands/audit-questions.js'
import { authorityCommands } from './commands/authority.js'
import { bindCommands } from './commands/bind.js'
import { brakeCommands } from './commands/brake.js'
import { emergencyCommands } from './commands/emergency.js'
import { recoveryCommands } from './commands/recovery.js'
import { bundleCommands } from './commands/bundle.js'
import { certGetCommands } from './commands/cert-get.js'
import { certReadCommands } from './commands/cert.js'
import { certsCommands } from './commands/certs.js'
import { checkpointCommands } from './commands/checkpoint.js'
import { clusterCommands } from './commands/cluster.js'
import { completionCommand } from './commands/completion.js'
import { configCommands } from './commands/config.js'
import { diffCommand } from './commands/diff.js'
import { entryCommands } from './commands/entry.js'
import { envelopeCommands } from './commands/envelope.js'
import { impactCommand } from './commands/impact.js'
import { certVerifyLogCommand, indexVerifyCommand } from './commands/index-verify.js'
import { indexRebuildCommand } from './commands/index-rebuild.js'
import { guardCommands } from './commands/guards.js'
import { initCommand } from './commands/init.js'
import { logCommand } from './commands/log.js'
import { exportCommands } from './commands/export.js'
import { groupCommands } from './commands/group.js'
import { mirrorCommands } from './commands/mirror.js'
import { inboxCommand } from './commands/inbox.js'
import { proposalCommands } from './commands/proposal.js'
import { permitCommand, whyCommand } from './commands/permit.js'
import { reachCommands } from './commands/reach.js'
import { ruleCommands } from './commands/rules.js'
import { scopeCommands } from './commands/scope.js'
import { serveCommands } from './commands/serve.js'
import { splitCommands } from './commands/splits.js'
import { statusCommand } from './commands/status.js'
import { tokenCommands } from './commands/token.js'
import { verifyCommand } from './commands/verify.js'
import { verifyProofCommand } from './commands/verify-proof.js'
import { voteCommands } from './commands/vote.js'
import { voterCommands } from './commands/voter.js'
import { versionCommand } from './commands/version.js'
import { watchCommand } from './commands/watch.js'
import { witnessCommands } from './commands/witness.js'

/** What stands in front of several commands. */
export const groups: Readonly<Record<string, string>> = {
  scope: 'scopes: regions of names and who has authority over them',
  entry: 'entries: the identities that certificates are issued to',
  bind: 'bindings: the evidence that an entry is recognised by',
  cluster: 'Kubernetes clusters whose tokens are evidence',
  envelope: 'envelopes: what a scope or an entry may be allowed',
  voter: 'the keys that voters sign with',
  group: 'groups: who decides for a scope',
  proposal: 'proposals: changes that wait for votes',
  emergency: 'emergency grants: what some may do at once, as voters said before',
  recovery: 'recovery: other voters for a scope that has lost its own',
  rules: 'rules: who may call an entry',
  splits: 'traffic splits: where the traffic of an entry goes',
  guards: 'guards: what nothing below a scope can allow',
  token: 'join tokens',
  cert: 'one certificate: get, renew, look at',
  index: 'the index log',
  export: 'the index, for other programs and for auditors',
  witness: 'a witness: cosigns the checkpoints of logs that go on from what it saw',
  config: 'the configuration',
}

/** Every command, in the order of help and reference. */
export const commands: readonly CommandSpec[] = forAnyServer([
  initCommand,
  ...serveCommands,
  statusCommand,
  ...scopeCommands,
  ...entryCommands,
  ...bindCommands,
  ...clusterCommands,
  ...envelopeCommands,
  ...voterCommands,
  ...groupCommands,
  inboxCommand,
  ...proposalCommands,
  impactCommand,
  ...voteCommands,
  ...brakeCommands,
  ...emergencyCommands,
  ...recoveryCommands,
  ...ruleCommands,
  ...splitCommands,
  ...guardCommands,
  permitCommand,
  whyCommand,
  ...reachCommands,
  ...authorityCommands,
  logCommand,
  diffCommand,
  ...auditQuestionCommands,
  ...exportCommands,
  applyCommand,
  proposeCommand,
  ...tokenCommands,
  ...certsCommands,
  ...certReadCommands,
  ...certGetCommands,
  ...bundleCommands,
  ...checkpointCommands,
  verifyCommand,
  verifyProofCommand,
  indexVerifyCommand,
  certVerifyLogCommand,
  auditCommand,
  indexRebuildCommand,
  watchCommand,
  ...mirrorCommands,
  ...witnessCommands,
  ...configCommands,
  completionCommand(() => ({ commands, groups })),
  versionCommand,
])
