import type { PortRange } from '../envelope.js'
import type { RouteMatch } from './route.js'
import type { RuleFacts } from './rule.js'

/** ISO 8601 (`...Z`) or Unix seconds. */
type InstantText = string | number

/** A rule as people write it: callers by alias, ports as numbers or ranges. */
export interface RuleRequest {
  /** Made of the rule where it is left out. */
  readonly id?: string
  readonly effect?: 'allow'
  readonly callers: readonly (string | { readonly subtree: string })[]
  readonly ports: readonly (number | PortRange)[]
  readonly proto?: RuleFacts['proto']
  readonly routes?: readonly RouteMatch[]
  readonly from?: InstantText
  readonly until?: InstantText
}

export interface SplitRequest {
  readonly port: number
  readonly backendRefs: readonly {
    /** By alias. */
    readonly entry: string
    readonly port?: number
    /** 1 where it is left out, as in HTTPRoute. */
    readonly weight?: number
  }[]
}

/** What a person asks for about the rules and splits of an entry. */
export type RuleChangeRequest =
  | {
      readonly op: 'rule.attach'
      readonly alias: string
      readonly rule: RuleRequest
    }
  | {
      readonly op: 'rule.replace'
      readonly alias: string
      readonly rule: RuleRequest & { readonly id: string }
    }
  | {
      readonly op: 'rule.detach'
      readonly alias: string
      /** Its id. */
      readonly rule: string
    }
  | { readonly op: 'split.set'; readonly alias: string; readonly split: SplitRequest }
  | { readonly op: 'split.clear'; readonly alias: string; readonly port: number }
