import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { KEY_BITS } from './map-hash.js'
import type { MapProof, MapStep } from './map-proof.js'
import { decimal, hashFromBase64, toBase64, utf8 } from './note-text.js'

const HEADER = 'capstan/map-proof@v1'
/** Two lines, and for each bit a line of at most 49 octets. */
export const MAX_MAP_PROOF_OCTETS = 256 + KEY_BITS * 49

/** A map proof as text: a header, the leaf or "empty", and a line for each step from the leaf up. */
export function formatMapProof({ leaf, path }: MapProof): string {
  const first = leaf ? `leaf ${toBase64(leaf.key)} ${toBase64(leaf.value)}` : 'empty'
  const steps = path.map(({ bit, sibling }) => `${bit} ${toBase64(sibling)}`)
  return [HEADER, first, ...steps, ''].join('\n')
}

/** Reads the one spelling of a map proof. Nothing is verified. */
export function parseMapProof(octets: Uint8Array): Result<MapProof, Refusal<'tlog.malformed'>> {
  if (octets.length > MAX_MAP_PROOF_OCTETS) return malformed('more octets than a proof has')
  const [header, first = '', ...lines] = utf8(octets)?.split('\n') ?? []
  if (header !== HEADER || lines.pop() !== '') return malformed('another first line, or last')
  const leaf = parseLeaf(first)
  if (!leaf && first !== 'empty') return malformed('no leaf in the second line')
  const path = lines.map(parseStep).filter((step) => step !== undefined)
  if (path.length < lines.length) return malformed('a line that is no step')
  if (!leaf && path.length > 0) return malformed('steps in an empty map')
  const isUp = path.every(({ bit }, at) => bit < (path[at - 1]?.bit ?? KEY_BITS))
  return isUp ? ok({ ...(leaf && { leaf }), path }) : malformed('steps that do not lead up')
}

function parseLeaf(line: string): MapProof['leaf'] {
  const [word, ...parts] = line.split(' ')
  const [key, value] = parts.map(hashFromBase64)
  return word === 'leaf' && parts.length === 2 && key && value ? { key, value } : undefined
}

function parseStep(line: string): MapStep | undefined {
  const [number = '', base64 = '', ...more] = line.split(' ')
  const bit = decimal(number)
  const sibling = hashFromBase64(base64)
  return bit === undefined || !sibling || more.length > 0 ? undefined : { bit, sibling }
}

const malformed = (found: string): Result<never, Refusal<'tlog.malformed'>> =>
  refuse('tlog.malformed', 'this is not a map proof', { found })
