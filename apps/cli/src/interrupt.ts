/** Ctrl-C asks a command to come to an orderly end; the second one ends it at once. */

/** As shells report a command that was ended by SIGINT. */
export const EXIT_INTERRUPTED = 130;

export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const asked = new AbortController();
  const onSignal = (): void => {
    if (asked.signal.aborted) process.exit(EXIT_INTERRUPTED);
    asked.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work(asked.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
