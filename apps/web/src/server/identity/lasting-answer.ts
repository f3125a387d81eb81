/**
 * A download ends soon after whoever takes it may no longer: within the 5 seconds in which an ended session and a lost
 * role hold everywhere. The connection is broken then, so that a file that was cut is never taken for a whole one.
 */
import type { Permission, Target } from '@foreshard/core/access';
import { type Context, endingOf } from '../trpc.ts';

/** `answerOf`: with the signal that its reading ends with. */
export function lastingAnswer(
  context: Context,
  request: Pick<Request, 'signal'>,
  right: readonly [Permission, Target],
  answerOf: (ending: AbortSignal) => Response,
): Response {
  // nobody looks any more whether the session holds once everything was taken
  const over = new AbortController();
  const ending = endingOf(context, AbortSignal.any([request.signal, over.signal]), right);
  const { body, headers } = answerOf(ending);
  const reader = body!.getReader();
  const pieces = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // at once, also where a slow reader has not asked for more; without effect on what was ended
        ending.addEventListener('abort', () => controller.error(ending.reason), { once: true });
      },
      async pull(controller) {
        ending.throwIfAborted();
        const { done, value } = await reader.read();
        if (ending.aborted) return;
        if (!done) return controller.enqueue(value);
        controller.close();
        over.abort();
      },
      async cancel(reason) {
        over.abort();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(pieces, { headers });
}
