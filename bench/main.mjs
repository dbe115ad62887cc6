// npm run bench [-- NAME-PREFIX...] [--json FILE] [--quick | --full]: see README.md.
import { certifyFirst, certifyRenew } from './rows/certify.mjs'
import {
  coldStart,
  emptyCall,
  emptyConnection,
  handshake,
  steadyState,
} from './rows/connections.mjs'
import { httpRenew, httpToken } from './rows/http.mjs'
import { certifyTokenReview } from './rows/token-review.mjs'
import { runBench } from './run-bench.mjs'
import { governance } from './sections/governance.mjs'
import { growth } from './sections/growth.mjs'
import { memory } from './sections/memory.mjs'
import { overload } from './sections/overload.mjs'
import { permit } from './sections/permit.mjs'
import { replay } from './sections/replay.mjs'
import { stages } from './sections/stages.mjs'
import { start } from './sections/start.mjs'

await runBench({
  rowKinds: [
    certifyFirst,
    certifyRenew,
    certifyTokenReview,
    httpToken,
    httpRenew,
    emptyCall,
    handshake,
    emptyConnection,
    coldStart,
    steadyState,
  ],
  sections: [stages, permit, governance, replay, overload, growth, start, memory],
})
