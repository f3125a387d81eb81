/**
 * Asks the edge whether it serves. An edge without traffic tells nothing about its load, so silence of the
 * load stream cannot be told from a dead edge in any other way.
 */
const INTERVAL_MS = 2_000;
const TIMEOUT_MS = 1_500;

export type EdgeState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ready'; readonly checkedAtMs: number }
  | {
      readonly kind: 'down';
      readonly reason: string;
      readonly sinceMs: number;
      readonly checkedAtMs: number;
    };

export class EdgeProbe {
  private readonly url: string;
  private current: EdgeState = { kind: 'unknown' };
  private timer: NodeJS.Timeout | undefined;

  constructor(edgeUrl: string) {
    this.url = `${edgeUrl}/readyz`;
  }

  get state(): EdgeState {
    return this.current;
  }

  start(): void {
    void this.check();
    this.timer = setInterval(() => void this.check(), INTERVAL_MS);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async check(): Promise<void> {
    const fault = await this.fault();
    const now = Date.now();
    if (fault === undefined) this.current = { kind: 'ready', checkedAtMs: now };
    else {
      const sinceMs = this.current.kind === 'down' ? this.current.sinceMs : now;
      this.current = { kind: 'down', reason: fault, sinceMs, checkedAtMs: now };
    }
  }

  private async fault(): Promise<string | undefined> {
    try {
      const reply = await fetch(this.url, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: 'no-store' });
      await reply.body?.cancel();
      return reply.ok ? undefined : `it answers ${reply.status} to /readyz`;
    } catch (error) {
      return reasonOf(error);
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'it does not answer in time';
  const code = error instanceof Error && error.cause instanceof Error && Reflect.get(error.cause, 'code');
  return code === 'ECONNREFUSED' ? 'nothing listens on its address' : 'its address cannot be reached';
}
