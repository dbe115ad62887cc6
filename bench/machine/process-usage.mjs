import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND =
  Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100

/**
 * What a process and everything it started use, from /proc (proc(5)): CPU time of user and system,
 * with that of children already ended, and resident memory, shared pages counted for each process.
 */
export function usageOf(pid) {
  const all = usagesOf(pid)
  const sum = (key) => all.reduce((total, one) => total + one[key], 0)
  return { cpu_us: sum('cpu_us'), rss_mb: sum('rss_mb'), processes: all.length }
}

/** The same, process by process. */
export const usagesOf = (pid) =>
  descendants(pid).map(({ pid: each, ticks }) => ({
    cpu_us: (ticks * 1e6) / TICKS_PER_SECOND,
    rss_mb: (residentKib(each) * 1024) / 1e6,
  }))

function descendants(root) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf)
  const tree = all.filter(({ pid }) => pid === root)
  if (tree.length === 0) throw new Error(`process ${root} has ended`)
  // A Map of parents would be quicker; a bench looks twice for each row.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}

function statOf(name) {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
    // The name of a program, in parentheses, may hold anything: the fields are counted from its end.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [utime, stime, cutime, cstime] = fields.slice(11, 15)
    return [{ pid: Number(name), parent: fields[1], ticks: utime + stime + cutime + cstime }]
  } catch {
    return []
  }
}

function residentKib(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
