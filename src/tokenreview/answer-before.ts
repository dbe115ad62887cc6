/**
 * The answer, or a rejection with `late()` once `signal` aborts: even from one who does not heed the
 * signal it was given. What it answers later is dropped.
 */
export function answerBefore<T>(
  signal: AbortSignal,
  answer: Promise<T>,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(late())
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
    void answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
