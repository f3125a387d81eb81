/**
 * Where a program looks on, for example with OpenTelemetry. Hooks watch: one that throws changes nothing, and is reported to
 * `onHookError` where that is given.
 */
export interface RequestInfo {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  /** may be added to: `propagation.inject(context.active(), request.headers)` sends a traceparent */
  readonly headers: Record<string, string>;
}

export interface RequestOutcome {
  readonly durationMs: number;
  /** undefined where nothing was answered */
  readonly status?: number | undefined;
  readonly error?: unknown;
}

export interface BatchInfo {
  /** `send`: a request of a producer; `consume`: what a handler gets */
  readonly kind: 'send' | 'consume';
  readonly stream: string | undefined;
  readonly group?: string | undefined;
  readonly shardlet?: number | undefined;
  readonly events: number;
}

export interface BatchOutcome {
  readonly durationMs: number;
  readonly error?: unknown;
}

export interface RetryInfo {
  readonly what: string;
  readonly attempt: number;
  readonly pauseMs: number;
  readonly error: unknown;
}

export interface Hooks {
  /** Before a request; what it returns is called when the answer, or the head of a stream, is there. */
  readonly onRequest?: (request: RequestInfo) => undefined | ((outcome: RequestOutcome) => void);
  /** Before a batch is sent or handled; what it returns is called at its end. */
  readonly onBatch?: (batch: BatchInfo) => undefined | ((outcome: BatchOutcome) => void);
  readonly onRetry?: (retry: RetryInfo) => void;
  readonly onHookError?: (error: unknown) => void;
}

export class Watch {
  private readonly hooks: Hooks;

  constructor(hooks: Hooks = {}) {
    this.hooks = hooks;
  }

  request(request: RequestInfo): (outcome: Omit<RequestOutcome, 'durationMs'>) => void {
    return this.timed<RequestOutcome>(() => this.hooks.onRequest?.(request));
  }

  batch(batch: BatchInfo): (outcome: Omit<BatchOutcome, 'durationMs'>) => void {
    return this.timed<BatchOutcome>(() => this.hooks.onBatch?.(batch));
  }

  retry(retry: RetryInfo): void {
    this.safely(() => this.hooks.onRetry?.(retry));
  }

  private timed<T extends { readonly durationMs: number }>(
    begin: () => undefined | ((outcome: T) => void),
  ): (outcome: Omit<T, 'durationMs'>) => void {
    const startedMs = performance.now();
    const end = this.safely(begin);
    return (outcome) => {
      this.safely(() => end?.({ ...outcome, durationMs: performance.now() - startedMs } as T));
    };
  }

  private safely<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.hooks.onHookError?.(error);
      return undefined;
    }
  }
}
