export function parseSpeed(output: string): {
  readonly sign_us: number
  readonly verify_us: number
}
