import { type Attack, edit } from './attack.js'

/** What a stranger may do to have others turned away. */
export const loadAttacks: readonly Attack[] = [
  {
    id: 'attack 319',
    where: 'any CA',
    what: 'calls end while their octets arrive, and what they held is held for ever',
    proofs: [
      {
        file: 'test/server/grpc/load.test.ts',
        name: 'counts nothing for a call that is over',
        check: 'nothing is counted for a call once its octets are released',
        without: edit(
          'src/server/grpc/load.ts',
          '        if (isOver) return\n        const more = octets - held',
          '        const more = octets - held',
        ),
      },
    ],
  },
  {
    id: 'attack 320',
    where: 'any CA',
    what: 'a stranger says a public name to stand among those who renew',
    proofs: [
      {
        file: 'test/issuance/admission.test.ts',
        name: 'takes nobody for a renewal who says the name of one, and shows another request',
        check: 'who renews is known by the signed request that was certified',
        without: edit(
          'src/issuance/admission.ts',
          'return identity !== undefined && this.held.holds(csr, this.deps.clock.now())',
          'return identity !== undefined && (csr.length > 0 || this.held.holds(csr, this.deps.clock.now()))',
        ),
      },
    ],
  },
  {
    id: 'attack 321',
    where: 'any CA',
    what: 'one token many times, while one API server hangs, takes the places of everybody',
    proofs: [
      {
        file: 'test/tokenreview/review-queue.test.ts',
        name: 'counts who shares a review among those who wait',
        check: 'so many callers wait for one API server, and no more',
        without: edit(
          'src/tokenreview/review-queue.ts',
          'if (this.callers >= limits.concurrency + limits.queue) {',
          'if (this.callers >= Number.MAX_SAFE_INTEGER) {',
        ),
      },
    ],
  },
  {
    id: 'attack 340',
    where: 'any CA',
    what: 'rules of very many ports, and a question about all whom one more of them is for',
    proofs: [
      {
        file: 'test/namespace/questions/rule-steps.test.ts',
        name: 'are looked at for some of those whom one more is for, with breaths between',
        check: 'what two entries may do is looked at by what their rules take, and that is bounded',
        without: edit(
          'src/namespace/questions/difference.ts',
          '!this.effort.spend(1 + this.stepsOf(callee))',
          '!this.effort.spend()',
        ),
      },
    ],
  },
  {
    id: 'attack 341',
    where: 'any CA',
    what: 'the same, and a page of all who may call, or be called',
    proofs: [
      {
        file: 'test/namespace/questions/rule-steps.test.ts',
        name: 'a page of callers ends after so many of them',
        check: 'a page ends with what the rules that were looked at take',
        without: edit(
          'src/namespace/questions/reach.ts',
          '    effort.spend(ruleSteps(callee.rules))\n    return permissionsBetween(state, caller, callee, page.at)\n  })\n}\n\nasync function pageOf(',
          '    return permissionsBetween(state, caller, callee, page.at)\n  })\n}\n\nasync function pageOf(',
        ),
      },
    ],
  },
  {
    id: 'attack 342',
    where: 'any CA',
    what: 'valid CSRs of a stranger, as large as they may be, fill what is remembered of those of proxies',
    proofs: [
      {
        file: 'test/issuance/issue-leaf.test.ts',
        name: 'remembers a CSR once a certificate was issued for it, and no other',
        check: 'a CSR is remembered once a certificate was issued for it',
        without: edit(
          'src/issuance/issue-leaf.ts',
          '      if (issued.ok) deps.csrs.remember(',
          '      deps.csrs.remember(',
        ),
      },
      {
        file: 'test/csr/verified-csr-cache.test.ts',
        name: 'remembers nothing for which no certificate was issued',
        check: 'nothing is remembered by verifying it',
        without: edit(
          'src/csr/verified-csr-cache.ts',
          'return known === undefined ? this.verifyNew(der) : { ok: true, value: unpackCsr(known) }',
          'if (known !== undefined) return { ok: true, value: unpackCsr(known) }\n    const verified = this.verifyNew(der)\n    if (verified.ok) this.remember(der, verified.value)\n    return verified',
        ),
      },
    ],
  },
  {
    id: 'attack 343',
    where: 'any CA',
    what: 'tokens with invented key ids, while the key source of one cluster hangs, take the places of everybody',
    proofs: [
      {
        file: 'test/tokenreview/jwks-cache.test.ts',
        name: 'answers at once who comes beside those who wait, with a key that it has or none',
        check: 'so many callers wait for the keys of one cluster, and no more',
        without: edit(
          'src/tokenreview/jwks-cache.ts',
          '    if (this.waiting >= waiting) return false\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 355',
    where: 'any CA',
    what: 'requests half sent on a few connections take the places of everybody, health checks included',
    proofs: [
      {
        file: 'test/server/grpc/floods.test.ts',
        name: 'wait for so many requests: whoever has most of them half sent is hung up on',
        check:
          'a connection that has the server wait for most is ended, and nobody else is refused',
        without: edit(
          'src/server/grpc/load.ts',
          "    if (this.streams > this.limits.awaited) this.hangUpOnMost('streams')\n",
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 356',
    where: 'any CA',
    what: 'the same, by octets of requests',
    proofs: [
      {
        file: 'test/server/grpc/floods.test.ts',
        name: 'hold so many octets: whoever has most of them under way is hung up on',
        check: 'a connection that has the server hold most is ended, and nobody else is refused',
        without: edit(
          'src/server/grpc/load.ts',
          "    if (this.octets > this.limits.bufferedOctets) this.hangUpOnMost('octets')\n",
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 357',
    where: 'any CA',
    what: 'answers that nobody takes fill memory',
    proofs: [
      {
        file: 'test/server/grpc/floods.test.ts',
        name: 'keep so many answers that nobody takes: whoever leaves most is hung up on',
        check: 'an answer counts until it is taken',
        without: edit(
          'src/server/grpc/serve-call.ts',
          "  if (!stream.closed) stream.once('close', peer.awaits())\n",
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 358',
    where: 'any CA',
    what: 'requests that never arrive, time after time, and resets that say no error',
    proofs: [
      {
        file: 'test/server/grpc/floods.test.ts',
        name: 'end with one whose requests do not arrive, time after time',
        check: 'a connection whose requests do not arrive is ended',
        without: edit(
          'src/server/grpc/serve-call.ts',
          '    if (message.status === grpcStatus.DEADLINE_EXCEEDED) peer.late()\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 360',
    where: 'any CA',
    what: 'requests with slow bodies, from a few addresses, take the places of everybody, renewals included',
    proofs: [
      {
        file: 'test/server/http/arrivals.test.ts',
        name: 'take the place of nobody',
        check: 'a request takes no place while its body is on its way',
        without: edit('src/server/http/dispatch.ts', '    place?.giveBack()\n', ''),
      },
      {
        file: 'test/server/http/arrivals.test.ts',
        name: 'end with whoever sends most of them, where there are too many',
        check: 'where too many bodies are on their way, whoever sends most of them is hung up on',
        without: edit(
          'src/server/http/arrivals.ts',
          '    if (this.count > this.most) this.hangUpOnMost()\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 380',
    where: 'any CA',
    what: 'a stranger opens as many connections as a listener takes, and says nothing on them',
    proofs: [
      {
        file: 'test/server/grpc/listen-linkerd.test.ts',
        name: 'who opens as many connections as there may be is in the way of nobody',
        check:
          "where there are too many, the oldest of whoever has most is closed, at Linkerd's endpoint",
        without: edit(
          'src/server/grpc/listen-linkerd.ts',
          '  sharePlaces(server, limits.connections, log)\n  yieldingTo(options.loop, server, limits.connections + CLOSING_CONNECTIONS)\n',
          '  yieldingTo(options.loop, server, limits.connections)\n',
        ),
      },
      {
        file: 'test/server/http/listeners.test.ts',
        name: 'that a stranger opens, as many as there may be, are in the way of nobody',
        check: 'and over HTTP',
        without: edit(
          'src/server/http/listen-https.ts',
          '  sharePlaces(server, limits.connections, options.log)\n',
          '',
        ),
      },
      {
        file: 'test/server/connection-places.test.ts',
        name: 'the oldest of whoever has most goes, and nothing else',
        check: 'it is counted by client',
        without: edit(
          'src/server/connection-places.ts',
          'one[1].size > greediest[1].size',
          'one[1].size < greediest[1].size',
        ),
      },
    ],
  },
]
