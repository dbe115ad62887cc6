import { isUid } from '../core/uid.js'
import type { StateMeta, TableName } from './state-tables.js'

/**
 * Is this, read from a store, a row that this table may hold under this key? What a row says was
 * checked when it was written; this keeps one that is none from being taken for one.
 */
export function isRow(table: TableName, key: string, value: unknown): boolean {
  switch (table) {
    case 'scopes':
      return isObject(key, value, 'scope', ['active', 'suspended', 'retired']) && isScope(value)
    case 'clusters':
      return isObject(key, value, 'cluster', ['active', 'retired']) && isCluster(value)
    case 'entries':
      return isObject(key, value, 'entry', ['active', 'suspended', 'retiring']) && isEntry(value)
    case 'quarantines':
      return isRecord(value) && isUidText(value['uid']) && isCount(value['until'])
    case 'proposals':
      return isProposalRow(key, value)
    case 'history':
    case 'waiting':
    case 'slots':
      return isCount(value)
    case 'scopeAliases':
    case 'clusterAliases':
    case 'entryAliases':
    case 'held':
    case 'redirects':
    case 'selectors':
    case 'placed':
      return isUidText(value)
  }
}

export function isMeta(value: unknown): value is StateMeta {
  return (
    isRecord(value) &&
    isText(value['index']) &&
    isText(value['trustDomain']) &&
    isUidText(value['root']) &&
    isText(value['head']) &&
    (value['unfinished'] === undefined || isText(value['unfinished'])) &&
    ['size', 'at', 'entries', 'structure'].every((member) => isCount(value[member]))
  )
}

/** What scopes, clusters and entries have in common; filed under their own uid. */
function isObject(
  key: string,
  value: unknown,
  kind: string,
  states: readonly string[],
): value is Readonly<Record<string, unknown>> {
  return (
    isRecord(value) &&
    value['kind'] === kind &&
    value['uid'] === key &&
    isUid(key) &&
    isText(value['alias']) &&
    states.some((state) => state === value['state']) &&
    isText(value['head']) &&
    isCount(value['rev']) &&
    isCount(value['createdAt']) &&
    isBrake(value['brake'])
  )
}

type Row = Readonly<Record<string, unknown>>

const isScope = ({ envelope, group, guards, recovery }: Row): boolean =>
  isRecord(envelope) &&
  (group === null || (isRecord(group) && Array.isArray(group['voters']))) &&
  isListOf(guards ?? [], isGuard) &&
  (recovery === undefined || isRecoveryMark(recovery))

const isRecoveryMark = (value: unknown): boolean =>
  isRecord(value) &&
  isText(value['statement']) &&
  Array.isArray(value['holders']) &&
  ['record', 'from', 'since', 'due'].every((member) => isCount(value[member]))

const isBrake = (value: unknown): boolean =>
  value === undefined || (isRecord(value) && isCount(value['until']))

const isGuard = (value: unknown): boolean =>
  isRecord(value) && isText(value['id']) && isText(value['effect'])

const isProposalRow = (key: string, value: unknown): boolean =>
  isRecord(value) &&
  value['id'] === key &&
  isText(value['digest']) &&
  isCount(value['record']) &&
  (value['kind'] === 'pending'
    ? isRecord(value['proposal']) && isText(value['head']) && Array.isArray(value['votes'])
    : value['kind'] === 'closed' && isText(value['ending']) && isCount(value['ended']))

const isCluster = (row: Row): boolean =>
  ['identityTrustDomain', 'controlPlaneNamespace', 'issuer', 'audience'].every((member) =>
    isText(row[member]),
  )

const isEntry = ({ owner, envelope, bindings, rules, labels, ...rest }: Row): boolean =>
  isRecord(owner) &&
  isRecord(envelope) &&
  Array.isArray(bindings) &&
  bindings.every(isBinding) &&
  isListOf(rules, isRule) &&
  isListOf(rest['splits'] ?? [], isSplit) &&
  isRecord(labels) &&
  isBrake(rest['emergency']) &&
  ['validUntil', 'drainUntil', 'heldUntil'].every(
    (member) => rest[member] === undefined || isCount(rest[member]),
  )

const isBinding = (value: unknown): boolean =>
  isRecord(value) &&
  isText(value['id']) &&
  ['k8s', 'vm', 'edge'].some((kind) => kind === value['kind'])

const isRule = (value: unknown): boolean =>
  isRecord(value) &&
  isText(value['id']) &&
  ['callers', 'ports'].every((member) => Array.isArray(value[member])) &&
  isBrake(value['brake']) &&
  isBrake(value['emergency']) &&
  isListOf(value['routes'] ?? [], isRecord) &&
  isCount(value['rev'])

const isSplit = (value: unknown): boolean =>
  isRecord(value) && isCount(value['port']) && isListOf(value['backendRefs'], isRecord)

const isListOf = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isItem)
const isRecord = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isUidText = (value: unknown): boolean => isText(value) && isUid(value)
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
