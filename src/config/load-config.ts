import { ok, type Result } from '../core/result.js'
import { buildConfig } from './build-config.js'
import { configRefusal, type ConfigRefusal } from './config-problem.js'
import type { Config } from './config.js'
import { ConfigDraft, type Origin } from './config-draft.js'

export interface ConfigSource {
  /** The configuration file; absent: environment and defaults alone. */
  readonly file?: { readonly path: string; readonly text: string }
  readonly env: Readonly<Record<string, string | undefined>>
  /** What paths are relative to when no file says them; absolute. */
  readonly cwd: string
  /** `--data DIR`: above the file and the environment. */
  readonly dataDir?: string
}

export interface LoadedConfig {
  readonly config: Config
  /** By dotted key, for every value that is set or has a default. */
  readonly origins: ReadonlyMap<string, Origin>
}

/** File, then environment, then defaults, into one checked value; or everything that is wrong. */
export function loadConfig(source: ConfigSource): Result<LoadedConfig, ConfigRefusal> {
  const draft = new ConfigDraft(source.file?.path)
  if (source.file) draft.readFile(source.file.text)
  draft.readEnvironment(source.env)
  if (source.dataDir !== undefined) draft.place(['dataDir'], source.dataDir, '--data')
  draft.check()
  if (draft.problems.length > 0) return configRefusal(draft.problems)
  draft.addDefaults()
  const config = buildConfig(draft, source.cwd)
  if (draft.problems.length > 0) return configRefusal(draft.problems)
  return ok({ config, origins: draft.origins })
}
