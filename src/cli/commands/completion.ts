import { answer, type CommandSpec } from '../command.js'
import { completionScript, isShell, shells } from '../completion-script.js'
import { usage } from '../problem.js'

interface Tree {
  readonly commands: readonly CommandSpec[]
  readonly groups: Readonly<Record<string, string>>
}

/** `tree` is asked for late: this command is part of it. */
export const completionCommand = (tree: () => Tree): CommandSpec => ({
  path: 'completion',
  arguments: '<shell>',
  summary: 'print a completion script for bash, zsh or fish',
  examples: [
    'source <(capstan completion bash)',
    'capstan completion zsh > ~/.zfunc/_capstan',
    'capstan completion fish > ~/.config/fish/completions/capstan.fish',
  ],
  run: (call) => {
    const shell = call.word(0) ?? ''
    if (!isShell(shell)) {
      return Promise.resolve(
        usage('no such shell', {
          wanted: shells.join(', '),
          found: JSON.stringify(shell.slice(0, 40)),
        }),
      )
    }
    const script = completionScript(shell, tree().commands, tree().groups)
    return Promise.resolve(answer({ shell, script }, () => script))
  },
})
