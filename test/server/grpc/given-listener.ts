import type { Readiness } from '../../../src/server/grpc/health.js'
import { healthMethods } from '../../../src/server/grpc/health.js'
import { defaultGrpcLimits, type GrpcLimits } from '../../../src/server/grpc/limits.js'
import type { Certify } from '../../../src/server/grpc/certify.js'
import { certifyMethod, IDENTITY_SERVICE } from '../../../src/server/grpc/linkerd-identity.js'
import type { ServerLog } from '../../../src/server/grpc/log.js'
import type { GrpcMethod } from '../../../src/server/grpc/method.js'
import { ok } from '../../../src/core/result.js'
import { LoopWatch } from '../../../src/server/loop-watch.js'
import { T0 } from '../../support/fake-clock.js'

export interface LogLine {
  readonly level: 'debug' | 'warn' | 'error'
  readonly fields: object
  readonly message: string
}

export function recordedLog(): ServerLog & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const at =
    (level: LogLine['level']) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields, message })
    }
  return { lines, debug: at('debug'), warn: at('warn'), error: at('error') }
}

export class SwitchedReadiness implements Readiness {
  readonly listeners = new Set<() => void>()
  private isReady = true

  ready(): boolean {
    return this.isReady
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  become(state: 'ready' | 'unready'): void {
    this.isReady = state === 'ready'
    for (const listener of this.listeners) listener()
  }
}

export const LEAF = Buffer.from('leaf')
export const ISSUER = Buffer.from('issuer')

/** Answers every question with the same octets. */
export const certifyAll: Certify = () =>
  Promise.resolve(ok({ leaf: LEAF, intermediates: [ISSUER], validUntil: T0 }))

/** Everything a listener needs beside its address. */
export function given(more: {
  readonly certify?: Certify
  readonly readiness?: Readiness
  readonly limits?: Partial<GrpcLimits>
}): {
  readonly port: 0
  readonly methods: readonly GrpcMethod[]
  readonly limits: GrpcLimits
  readonly loop: LoopWatch
  readonly log: ReturnType<typeof recordedLog>
} {
  const log = recordedLog()
  return {
    port: 0,
    methods: [
      certifyMethod({ certify: more.certify ?? certifyAll, newRequestId: () => 'r-1', log }),
      ...healthMethods(more.readiness ?? new SwitchedReadiness(), [IDENTITY_SERVICE]),
    ],
    limits: { ...defaultGrpcLimits, ...more.limits },
    loop: new LoopWatch(),
    log,
  }
}
