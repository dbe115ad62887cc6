import { pino } from 'pino'
import type { Config } from '../config/config.js'
import { BatchedWrites } from './batched-writes.js'

export type Log = pino.Logger

/** The log on standard error. What is written of an error is chosen here: adapters' errors carry requests. */
export function openLog({ level, format }: Config['log'], version: string): Log {
  return pino(
    {
      level,
      base: format === 'json' ? { name: 'capstan', version } : {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorForLog },
    },
    format === 'json'
      ? standardError((line) => line, version)
      : standardError(lineForPeople, version),
  )
}

/** Lines are written as `shape` makes them. */
function standardError(
  shape: (line: string) => string,
  version: string,
): { readonly write: (line: string) => void } {
  const writes = new BatchedWrites(2, (lines) =>
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
