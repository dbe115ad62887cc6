export interface Source {
  readonly file: string
  readonly content: string
}
