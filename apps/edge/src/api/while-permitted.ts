/** Answers that last end soon after their caller may not have them any more. */
import { ForeshardError } from '@foreshard/core/kernel';

/** Beside the time until an edge knows of it: three seconds at most, mostly at once. */
const LOOKED_AFTER_EVERY_MS = 1_000;

/** Calls `end` once, soon after `isPermitted` is false; answers what stops looking. */
export function whilePermitted(isPermitted: () => boolean, end: () => void): () => void {
  const timer = setInterval(() => {
    if (isPermitted()) return;
    clearInterval(timer);
    end();
  }, LOOKED_AFTER_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** What an answer that was waited for says then. */
export function endedMeanwhile(): ForeshardError {
  return new ForeshardError(
    'unauthorized',
    'The token ended, or lost the permission, while the request was waiting.',
  );
}
