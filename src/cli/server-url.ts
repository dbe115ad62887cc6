import { type Outcome, usage } from './problem.js'

/** The text of `--server`. */
export function parseServer(text: string | undefined): Outcome<URL | undefined> {
  if (text === undefined) return { ok: true, value: undefined }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain =
    url?.protocol === 'https:' && url.username === '' && url.pathname === '/' && url.search === ''
  if (plain) return { ok: true, value: url }
  return usage('--server is no HTTPS address', {
    wanted: 'https://HOST:PORT',
    found: JSON.stringify(text.slice(0, 100)),
  })
}
