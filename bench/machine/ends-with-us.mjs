const running = new Set()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A bench that is cut short leaves no servers behind. Returns the child. */
export function endsWithUs(child) {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}
