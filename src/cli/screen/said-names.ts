import { parseAlias } from '../../core/alias.js'
import { isUid, replaceUids } from '../../core/uid.js'
import { visible } from '../../core/visible.js'
import type { JsonReader } from '../json-reader.js'
import type { Look } from './look.js'

/** What somebody says that a uid is called, fit to be shown; undefined where they say no name. */
export type SaidName = (uid: string) => string | undefined

export const noNames: SaidName = () => undefined

/**
 * The `names` of an answer or a file. They are whatever its sender says: what is no alias is no name, and
 * where something is signed by its uid, the uid stands beside the name.
 */
export function namesSaidBy(answer: JsonReader): SaidName {
  const names = answer.value['names']
  if (names === null || typeof names !== 'object' || Array.isArray(names)) return noNames
  return (uid) => {
    const name: unknown = Object.getOwnPropertyDescriptor(names, uid)?.value
    if (!isUid(uid) || typeof name !== 'string') return undefined
    // Of scopes alone one has no alias: the root.
    if (name === '') return uid.startsWith('s') ? '/' : undefined
    return parseAlias(name).ok ? name : undefined
  }
}

/** `eabc... (payments/api)`: of a text about what is signed. */
export const withNames = (text: string, nameOf: SaidName): string =>
  replaceUids(text, (uid) => {
    const name = nameOf(uid)
    return name === undefined ? uid : `${uid} (${name})`
  })

/** One line of indented JSON whose value is a uid. */
const VALUE = /^ *(?:"[^"\\]*": )?"([^"\\]+)",?$/

/** JSON as it is, line by line, and what its uids are called behind it: `"eabc...",  // payments/api`. */
export const jsonWithNames = (look: Look, value: unknown, nameOf: SaidName): string =>
  JSON.stringify(value, null, 2)
    .split('\n')
    .map((line) => {
      const name = nameOf(VALUE.exec(line)?.[1] ?? '')
      const shown = visible(line)
      return name === undefined ? shown : `${shown}  ${look.paint('dim', `// ${name}`)}`
    })
    .join('\n')
