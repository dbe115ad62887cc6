/** The part of a pino logger that the listeners use. No token, key or CSR is ever among `fields`. */
export interface ServerLog {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
