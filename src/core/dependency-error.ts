/**
 * Something that Capstan leans on (a cluster's API server, the store, a key) did not answer.
 * Thrown, never returned: a broken dependency is not a refusal. Callers see `unavailable`.
 */
export class DependencyError extends Error {
  override readonly name = 'DependencyError'
  /** Which one, in an operator's words: `kubernetes prod-eu`, `store`. */
  readonly dependency: string

  constructor(dependency: string, what: string, cause?: unknown) {
    super(`${dependency}: ${what}`, cause === undefined ? undefined : { cause })
    this.dependency = dependency
  }
}
