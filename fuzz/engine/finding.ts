/** Something that must not be, and the input that shows it. */
export interface Finding {
  readonly kind: 'error' | 'slow' | 'hang'
  /** Equal for two inputs that show the same: what was thrown, and where. */
  readonly key: string
  readonly detail: string
}

/** What was thrown, as a finding. */
export function findingOf(thrown: unknown): Finding {
  const { name, message, stack } = asError(thrown)
  // The first line of the stack in code of this project, without its message.
  const where =
    /\/((?:src|fuzz|test)\/[\w./-]+:\d+):\d+/.exec(stack.replace(message, ''))?.[1] ?? ''
  const what = message.replaceAll(/\d+|"[^"]*"/g, '#').slice(0, 80)
  const key = name === 'BrokenProperty' ? message : `${name} ${what} ${where}`
  return { kind: 'error', key, detail: stack }
}

function asError(thrown: unknown): { name: string; message: string; stack: string } {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'stack' in thrown) {
    const name = 'name' in thrown ? String(thrown.name) : 'Error'
    return { name, message: String(thrown.message), stack: String(thrown.stack) }
  }
  return { name: 'thrown', message: String(thrown), stack: String(thrown) }
}
