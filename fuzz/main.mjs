// npm run fuzz -- TARGET --minutes N. Everything else is TypeScript: see README.md.
import '../test/support/typescript.mjs'

process.setSourceMapsEnabled(true)
const { main } = await import('./command.ts')
process.exitCode = await main(process.argv.slice(2))
