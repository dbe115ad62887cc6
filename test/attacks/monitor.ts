import { type Attack, edit } from './attack.js'

const file = 'test/monitor/lies.test.ts'
const hostile = 'test/monitor/hostile.test.ts'

/** What whoever has the keys of a Capstan, or stands before it, may try against those who watch it. */
export const monitorAttacks: readonly Attack[] = [
  {
    id: 'attack 18',
    where: 'any log',
    what: 'another history is shown to a monitor than before',
    proofs: [
      {
        file,
        name: 'of two histories of one size is an alarm',
        check: 'a monitor remembers the root of the size that it saw',
        without: edit(
          'src/monitor/compare-heads.ts',
          'const isSame = sameHash(shown.root, remembered.root) && isSameState(shown, remembered)',
          'const isSame = isSameState !== undefined',
        ),
      },
      {
        file,
        name: 'of which one is longer is an alarm too',
        check: 'what is read goes on from what was remembered',
        without: edit(
          'src/monitor/shown-records.ts',
          'if (size !== range.end || sameHash(rangeRoot(range), root)) continue',
          'if (size !== range.end || root.length > 0) continue',
        ),
      },
      {
        file,
        name: 'of certificates is an alarm too',
        check: 'the leaves come to the root that was signed',
        without: edit(
          'src/monitor/follow-issuance.ts',
          'if (!sameHash(root, head.root)) {',
          'if (sameHash(root, head.root.subarray(1))) {',
        ),
      },
      {
        file,
        name: 'of one size and another state is an alarm',
        check: 'the state root is compared with the remembered one too',
        without: edit(
          'src/monitor/compare-heads.ts',
          'a === undefined || b === undefined || sameHash(a, b)',
          'a === undefined || b === undefined || a.length === b.length',
        ),
      },
    ],
  },
  {
    id: 'attack 19',
    where: 'any log',
    what: 'the end of a log that a monitor has seen is gone',
    proofs: [
      {
        file,
        name: 'after an older backup was put back is an alarm',
        check: 'no head is smaller than the remembered one',
        without: edit(
          'src/monitor/compare-heads.ts',
          'if (shown.size < remembered.size) {',
          'if (shown.size < 0) {',
        ),
      },
    ],
  },
  {
    id: 'attack 22',
    where: 'TUF: freeze',
    what: 'an old checkpoint, or an old index for one entry, is kept alive',
    proofs: [
      {
        file,
        name: 'that the witnesses have not seen for too long is an alarm',
        check: 'a monitor wants a quorum that has seen the checkpoint lately',
        without: edit(
          'src/monitor/judge-checkpoint.ts',
          '!isFuture && now <= plus(seenAt, maxAge)',
          '!isFuture && now <= plus(now, maxAge)',
        ),
      },
      {
        file,
        name: 'that a witness dates ahead is an alarm',
        check: 'witnesses have not seen a checkpoint in a time that has not come',
        without: edit(
          'src/monitor/judge-checkpoint.ts',
          'if (!isFuture && now',
          'if (isFuture || now',
        ),
      },
      {
        file,
        name: 'is about both logs, or about those that it lists',
        check: 'a quorum is wanted of the issuance log too',
        without: edit(
          'src/monitor/judge-checkpoint.ts',
          ': wantsCosigners(policy, key.name)',
          ': policy.quorum === key.name',
        ),
      },
      {
        file,
        name: 'that is dated back to before the last look is an alarm, also to a monitor that was restarted',
        check: 'when a log was last looked at is remembered',
        without: edit(
          'src/monitor/follow-issuance.ts',
          'recordedAfter: latest(reading.recordedAfter, notRecordedBy(deps.now)),',
          '...(reading.recordedAfter !== undefined && { recordedAfter: reading.recordedAfter }),',
        ),
      },
      {
        file,
        name: 'on an index that was replaced long before is an alarm',
        check: 'a certificate is of an index that was not replaced long before it begins',
        without: edit(
          'src/namespace/allowed-then.ts',
          'if (recorded <= plus(replacedAt, GRANT_LAG)) return undefined',
          'if (recorded <= plus(recorded, GRANT_LAG)) return undefined',
        ),
      },
      {
        file: hostile,
        name: 'behind one that begins later is an alarm',
        check: 'a certificate is recorded no earlier than those before it begin',
        without: edit(
          'src/monitor/certificates-then.ts',
          'after = latest(after, claims.notBefore)',
          'after = latest(after, record.value.notAfter) && after',
        ),
      },
    ],
  },
  {
    id: 'attack 65',
    where: 'any CA',
    what: 'a certificate that no entry of its moment allows, signed and logged',
    proofs: [
      {
        file,
        name: 'because its policy digest is of no commit is an alarm, once',
        check: 'the policy digest of a certificate is what the index of its size gives',
        without: [
          {
            file: 'src/namespace/allowed-then.ts',
            find: 'if (grant.policyDigest !== record.policyDigest) {',
            replace: "if (grant.policyDigest === '') {",
          },
          {
            file: 'src/namespace/allowed-then.ts',
            find: 'if (claims.identity !== grant.identity) return',
            replace: "if (grant.identity === '') return",
          },
        ],
      },
      {
        file,
        name: 'because it says more names than the grant is an alarm',
        check: 'the names are those that the index gives, in their order',
        without: edit(
          'src/namespace/allowed-then.ts',
          "if (wanted !== found) return no('names', wanted, found)",
          "if (wanted === '') return no('names', wanted, found)",
        ),
      },
      {
        file,
        name: 'because the entry was suspended then is an alarm',
        check: 'only an active entry has certificates',
        without: [
          {
            file: 'src/namespace/allowed-then.ts',
            find: "if (entry.state !== 'active') {",
            replace: "if (entry.state === 'retiring') {",
          },
          {
            file: 'src/namespace/allowed-then.ts',
            find: 'if (claims.identity !== grant.identity) return',
            replace: "if (grant.identity === '') return",
          },
        ],
      },
      {
        file,
        name: 'because its record names a size that the log has not is an alarm',
        check: 'a size that is named is one that the log has',
        without: edit(
          'src/monitor/certificates-then.ts',
          'if (then !== null && then > size) {',
          'if (then !== null && then < 0) {',
        ),
      },
      {
        file,
        name: 'because it is of nobody, and says that it is somebody is an alarm',
        check: 'a certificate of no entry has no governed identity and no workload name',
        without: edit(
          'src/namespace/allowed-then.ts',
          'oddCertificate(issued) ?? serverLeafFault(issued)',
          'oddCertificate(issued) ?? serverLeafFault({})',
        ),
      },
      {
        file: hostile,
        name: 'a signed checkpoint whose records were never shown is what a longer one goes on from',
        check: 'a head goes on from every head that was shown before',
        without: edit(
          'src/monitor/watch.ts',
          'if (isNew && unread.length < MOST_UNREAD) unread.push(judged.head)',
          'if (isNew && unread.length < 0) unread.push(judged.head)',
        ),
      },
      {
        file: hostile,
        name: 'a record of the second 9007199254740991 is an alarm, and no crash',
        written: 'a record of the second %d is an alarm, and no crash',
        check: 'what no rule foresees is an alarm of the monitor, and times are bounded',
        without: [
          {
            file: 'src/namespace/log-record.ts',
            find: 'value >= 0 && value <= LAST_INSTANT',
            replace: 'value >= 0 && LAST_INSTANT > 0',
          },
          {
            file: 'src/monitor/follow-index.ts',
            find: "return [unforeseen('index', error)]",
            replace: 'throw unforeseen === undefined ? undefined : error',
          },
        ],
      },
      {
        file: hostile,
        name: 'certificates that were not judged are not remembered as seen',
        check: 'only what was judged is remembered',
        without: edit(
          'src/monitor/follow-issuance.ts',
          'if (reading.unjudged) return',
          'if (reading.unjudged && head.size < 0) return',
        ),
      },
      {
        file: hostile,
        name: 'a certificate that begins later than it was seen is an alarm',
        check: 'no certificate begins later than it is seen',
        without: edit(
          'src/namespace/allowed-then.ts',
          'if (notBefore <= plus(seenAt, CLOCK_TOLERANCE)) return undefined',
          'if (notBefore <= plus(notBefore, CLOCK_TOLERANCE)) return undefined',
        ),
      },
      {
        file: 'test/namespace/allowed-then.test.ts',
        name: 'of nobody with the name DB.ENTRY.IDENTITY.acme, which a verifier may take for another',
        written: 'of nobody with the name %s, which a verifier may take for another',
        check: 'a name of no entry is in the one form of a host name',
        without: edit(
          'src/namespace/server-leaf-then.ts',
          "(kind === 'dns' && parseDnsName(value) === undefined) ||",
          "(kind === 'dns' && parseDnsName('a') === undefined) ||",
        ),
      },
    ],
  },
]
