import { authoritiesContract } from '../contract/authorities.contract.js'
import { challengesContract } from '../contract/challenges.contract.js'
import type { OpenWholeStore } from '../contract/given-store.js'
import { indexStoreContract } from '../contract/index-store.contract.js'
import { issuanceLedgerContract } from '../contract/issuance-ledger.contract.js'
import { issuanceLogContract } from '../contract/issuance-log.contract.js'
import { joinTokensContract } from '../contract/join-tokens.contract.js'
import { logTreeContract } from '../contract/log-tree.contract.js'
import { MemoryStore } from '../support/memory-store.js'

const open: OpenWholeStore = () => {
  const store = new MemoryStore()
  return Promise.resolve({ store, reopen: () => Promise.resolve(store) })
}

issuanceLedgerContract('memory', open)
joinTokensContract('memory', open)
challengesContract('memory', open)
indexStoreContract('memory', open)
logTreeContract('memory', open)
issuanceLogContract('memory', open)
authoritiesContract('memory', open)
