import { timingSafeEqual } from 'node:crypto'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { plus, type RandomBytes, seconds, type UnixSeconds } from '../core/time.js'
import { base32, sha256 } from '../core/uid.js'
import type { VerifiedCsr } from '../csr/verified-csr.js'
import type { Challenge, ChallengeStore, Spend } from './ports.js'

/** Long enough for a slow device to make a key, short enough to be fresh. */
const LIFETIME = seconds(120)

export async function createChallenge(
  deps: { readonly challenges: ChallengeStore; readonly random: RandomBytes },
  now: UnixSeconds,
): Promise<Challenge> {
  const challenge: Challenge = {
    id: `ch${base32(deps.random(16))}`,
    nonce: Buffer.from(deps.random(32)).toString('base64url'),
    expiresAt: plus(now, LIFETIME),
  }
  await deps.challenges.create(challenge)
  return challenge
}

/**
 * A CSR answers a challenge by carrying its nonce as challengePassword, under its own signature:
 * the proof of possession is then fresh. The challenge is used up by the append that records the leaf.
 */
export async function answersChallenge(
  challenges: Pick<ChallengeStore, 'find'>,
  id: string,
  csr: VerifiedCsr,
  now: UnixSeconds,
): Promise<Result<Spend, Refusal<'challenge.spent'>>> {
  const challenge = await challenges.find(id)
  // An unknown one is compared too, so that time does not tell it from a wrong answer.
  const matches = timingSafeEqual(
    sha256(csr.challengePassword ?? ''),
    sha256(challenge?.nonce ?? ''),
  )
  if (challenge && now < challenge.expiresAt && matches) return ok({ kind: 'challenge', id })
  return refuse('challenge.spent', 'the challenge is not answered by this CSR', {
    wanted: 'a fresh challenge, its nonce as the challengePassword of the CSR',
    next: 'POST /v1/challenges for a new one',
  })
}
