import { openSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'

const [RAW, AS_BEFORE] = [true, false]

/** The terminal of whoever runs this, also where standard input and output lead elsewhere. */
const TERMINAL = '/dev/tty'

const [INTERRUPT, END_OF_INPUT, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f']

/**
 * A line that is typed and not shown. Undefined without a terminal; empty where whoever sits there gives
 * up (Ctrl-C, Ctrl-D) or `signal` aborts.
 */
export async function askSecret(prompt: string, signal: AbortSignal): Promise<string | undefined> {
  let terminal: number
  try {
    terminal = openSync(TERMINAL, 'r+')
  } catch {
    return undefined
  }
  const input = new ReadStream(terminal)
  // Before the question is there: nothing that is typed after it is shown.
  input.setRawMode(RAW)
  writeSync(terminal, prompt)
  try {
    return await typed(input, signal)
  } finally {
    input.setRawMode(AS_BEFORE)
    writeSync(terminal, '\n')
    input.destroy()
  }
}

function typed(input: ReadStream, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    let line = ''
    const giveUp = (): void => resolve('')
    signal.addEventListener('abort', giveUp, { once: true })
    input.setEncoding('utf8')
    input.once('end', giveUp)
    input.once('error', giveUp)
    input.on('data', (piece: string | Buffer) => {
      for (const key of String(piece)) {
        if (key === '\r' || key === '\n') resolve(line)
        else if (key === INTERRUPT || key === END_OF_INPUT) giveUp()
        else if (key === BACKSPACE || key === DELETE) line = line.replace(/.$/su, '')
        else line += key
      }
    })
  })
}
