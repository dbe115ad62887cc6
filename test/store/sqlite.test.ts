import { afterAll } from '@jest/globals'
import { authoritiesContract } from '../contract/authorities.contract.js'
import { challengesContract } from '../contract/challenges.contract.js'
import { indexStoreContract } from '../contract/index-store.contract.js'
import { issuanceLedgerContract } from '../contract/issuance-ledger.contract.js'
import { issuanceLogContract } from '../contract/issuance-log.contract.js'
import { joinTokensContract } from '../contract/join-tokens.contract.js'
import { logTreeContract } from '../contract/log-tree.contract.js'
import { SqliteStores } from '../support/sqlite-stores.js'

const stores = new SqliteStores()
const open = stores.opener('inline')

afterAll(() => stores[Symbol.asyncDispose]())

issuanceLedgerContract('SQLite, inline', open)
joinTokensContract('SQLite, inline', open)
challengesContract('SQLite, inline', open)
indexStoreContract('SQLite, inline', open)
logTreeContract('SQLite, inline', open)
issuanceLogContract('SQLite, inline', open)
authoritiesContract('SQLite, inline', open)
