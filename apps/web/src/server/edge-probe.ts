/**
 * Asks the edge whether it serves. An edge without traffic tells nothing about its load, so silence of the
 * load stream cannot be told from a dead edge in any other way.
 */
import type { request } from '@foreshard/core/adapters/outgoing-http';
import { edgeFailure } from './edge/edge-client.ts';

const INTERVAL_MS = 2_000;
const TIMEOUT_MS = 1_500;
/** The state is in the status; the body only names what is missing. */
const ANSWER_BYTES_READ = 16_384;

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
  private readonly request: typeof request;
  private current: EdgeState = { kind: 'unknown' };
  private timer: NodeJS.Timeout | undefined;

  constructor(edgeUrl: string, send: typeof request) {
    this.url = `${edgeUrl}/readyz`;
    this.request = send;
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
      const { status } = await this.request(this.url, {
        ...{ method: 'GET', timeoutMs: TIMEOUT_MS },
        ...{ bytesMax: ANSWER_BYTES_READ, whenLarger: 'cut' },
      });
      return status === 200 ? undefined : `it answers ${status} to /readyz`;
    } catch (error) {
      return edgeFailure(error);
    }
  }
}
