// npm run bench:peers [-- NAME-PREFIX...]: other CAs beside the rows of Capstan's that compare.
import { certifyFirst } from '../rows/certify.mjs'
import { httpRenew, httpToken } from '../rows/http.mjs'
import { runBench } from '../run-bench.mjs'
import { cfsslSign, cfsslSignSqlite } from './cfssl.mjs'
import { stepRenew, stepSign } from './step-ca.mjs'

await runBench({
  rowKinds: [certifyFirst, httpToken, httpRenew, stepSign, stepRenew, cfsslSign, cfsslSignSqlite],
  sections: [],
})
