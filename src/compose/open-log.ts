import { fstatSync } from 'node:fs'
import { pino } from 'pino'
import type { Config } from '../config/config.js'
import { BatchedWrites } from './batched-writes.js'

export type Log = pino.Logger

/** Who writes to standard error. */
interface LogWriters {
  readonly processes: number
  /** Process id, when this one is a worker. */
  readonly worker?: number
}

/** With one call; more than this is written without waiting for the end of the turn. */
const MOST_ALONE = 64 * 1024
/** What a pipe takes whole or not at all (POSIX, Linux): lines of several processes do not mix. */
const PIPE_BUF = 4096

/** A file takes any number of octets in one piece. */
const mostOf = ({ processes }: LogWriters): number =>
  processes === 1 || fstatSync(2).isFile() ? MOST_ALONE : PIPE_BUF

/** The log on standard error. What is written of an error is chosen here: adapters' errors carry requests. */
export function openLog(
  { level, format }: Config['log'],
  version: string,
  by: LogWriters = { processes: 1 },
): Log {
  const worker = by.worker === undefined ? {} : { worker: by.worker }
  const most = mostOf(by)
  return pino(
    {
      level,
      base: format === 'json' ? { name: 'capstan', version, ...worker } : worker,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorForLog },
    },
    format === 'json'
      ? standardError((line) => line, version, most)
      : standardError(lineForPeople, version, most),
  )
}

/** Lines are written as `shape` makes them. */
function standardError(
  shape: (line: string) => string,
  version: string,
  most: number,
): { readonly write: (line: string) => void } {
  const writes = new BatchedWrites(2, most, (lines) =>
    shape(
      `{"level":"warn"${pino.stdTimeFunctions.isoTime()},"name":"capstan","version":"${version}",` +
        `"lines":${lines},"msg":"log lines could not be written, and are lost"}\n`,
    ),
  )
  process.once('exit', () => writes.flush())
  return { write: (line) => writes.write(shape(line)) }
}

/** Name, message and stack of an error and of what caused it; none of its other members. */
export function errorForLog(error: unknown, depth = 0): object | string {
  if (!(error instanceof Error)) return typeof error
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  return {
    name: error.name,
    message: error.message,
    ...code,
    ...(depth === 0 && error.stack !== undefined && { stack: error.stack }),
    ...(error.cause !== undefined && depth < 3 && { cause: errorForLog(error.cause, depth + 1) }),
  }
}

/** `08:15:20 warn  too many connections  remote=10.0.0.1` */
function lineForPeople(line: string): string {
  const {
    time,
    level,
    msg,
    err,
    name: _name,
    version: _version,
    ...fields
  } = JSON.parse(line) as Record<string, unknown>
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`)
  const cause = err === undefined ? [] : [shown((err as { message?: unknown }).message ?? err)]
  const head = `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg)}`
  return `${[head, ...cause, ...rest].join('  ')}\n`
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value)
