import { spawnSync } from 'node:child_process'
import { cpus, platform, release, totalmem } from 'node:os'

/** What the figures were taken on. Nothing that names the host. */
export function machineFacts() {
  const processors = cpus()
  return {
    cores: processors.length,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    openssl: spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout?.trim() ?? 'none',
  }
}
