import type { UnixSeconds } from '../../core/time.js'
import type { TextSink } from '../world.js'

const CODES = { green: 32, yellow: 33, red: 31, cyan: 36, dim: 2, bold: 1 } as const

export type Colour = keyof typeof CODES

/** How a screen is drawn. Pure: the same look and the same answer give the same text. */
export interface Look {
  /** Columns of the terminal; undefined for a pipe or a file, where nothing is shortened. */
  readonly width: number | undefined
  readonly now: UnixSeconds
  readonly paint: (colour: Colour, text: string) => string
}

const NARROWEST = 40
const USUAL = 80

/** Colours on a terminal only, and never with NO_COLOR (no-color.org: set and not empty). */
export function lookOf(
  sink: TextSink,
  env: Readonly<Record<string, string | undefined>>,
  now: UnixSeconds,
): Look {
  const noColour = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== ''
  const colours = sink.isTTY && !noColour && env['TERM'] !== 'dumb'
  return {
    width: sink.isTTY ? widthOf(sink) : undefined,
    now,
    paint: (colour, text) =>
      colours && text !== '' ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text,
  }
}

/** Terminals that nobody has told their size say 0. */
const widthOf = ({ columns }: TextSink): number =>
  columns === undefined || columns === 0 ? USUAL : Math.max(NARROWEST, columns)

/** What a state looks like at a glance. Unknown ones stay plain. */
export function colourOfState(state: string): Colour | undefined {
  switch (state) {
    case 'active':
    case 'live':
    case 'ok':
      return 'green'
    case 'suspended':
    case 'retiring':
    case 'proposed':
      return 'yellow'
    case 'retired':
    case 'revoked':
    case 'failed':
      return 'red'
    case 'expired':
    case 'used':
      return 'dim'
    default:
      return undefined
  }
}

export function paintState(look: Look, state: string): string {
  const colour = colourOfState(state)
  return colour === undefined ? state : look.paint(colour, state)
}
