import type { ConfigProblem } from '../../src/config/config-problem.js'
import { type ConfigSource, type LoadedConfig, loadConfig } from '../../src/config/load-config.js'

export const FILE = 'etc/capstan.yaml'

/** Loads a file at `/srv/etc/capstan.yaml`, named as it is on a command line in `/srv`. */
export const load = (
  text: string,
  more: Partial<ConfigSource> = {},
): ReturnType<typeof loadConfig> =>
  loadConfig({ file: { path: FILE, text }, env: {}, cwd: '/srv', ...more })

export function loaded(text: string, more: Partial<ConfigSource> = {}): LoadedConfig {
  const result = load(text, more)
  if (!result.ok) throw new Error(`refused: ${String(result.refusal.found)}`)
  return result.value
}

/** Everything that is wrong; empty when the configuration loads. */
export function problemsOf(
  text: string,
  more: Partial<ConfigSource> = {},
): readonly ConfigProblem[] {
  const result = load(text, more)
  return result.ok ? [] : result.refusal.problems
}
