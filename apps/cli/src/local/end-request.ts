/**
 * A request to end, whoever makes it: Ctrl-C, a signal, or the end of the process that started us (its channel
 * closes, however it died). Told twice is told once: an orderly end is never cut short by impatience.
 */
export interface EndRequest {
  readonly requested: Promise<void>;
  /** for what runs meanwhile and can be broken off */
  readonly signal: AbortSignal;
}

export function endRequested(): EndRequest {
  const { promise: requested, resolve } = Promise.withResolvers<void>();
  const controller = new AbortController();
  const end = () => {
    resolve();
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, end);
  if (process.connected) process.once('disconnect', end);
  return { requested, signal: controller.signal };
}
