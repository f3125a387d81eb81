/**
 * Asks the edge whether it serves. An edge without traffic tells nothing about its load, so silence of the
 * load stream cannot be told from a dead edge in any other way. An edge of another cluster is refused: its events, hosts
 * and orders are not those that the console shows.
 */
import type { request } from '@foreshard/core/adapters/outgoing-http';
import { type ClusterIdentity, clusterIdentitySchema } from '@foreshard/core/topology';
import { z } from 'zod';
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
      /** of an edge of another cluster: what to do */
      readonly cure?: string;
      readonly sinceMs: number;
      readonly checkedAtMs: number;
    };

interface Foreign {
  readonly reason: string;
  readonly cure: string;
}

/** An edge of an earlier release does not say it. */
const answerSchema = z.object({ cluster: clusterIdentitySchema.nullish() });

export class EdgeProbe {
  private readonly url: string;
  private readonly request: typeof request;
  private readonly own: () => Promise<ClusterIdentity | undefined>;
  /** why no call goes to this edge */
  private foreign: Foreign | undefined;
  private current: EdgeState = { kind: 'unknown' };
  private timer: NodeJS.Timeout | undefined;

  constructor(edgeUrl: string, send: typeof request, own: () => Promise<ClusterIdentity | undefined>) {
    this.url = `${edgeUrl}/readyz`;
    this.request = send;
    this.own = own;
  }

  /** Why this edge must not be asked anything; undefined: it is ours, or it does not say. */
  get refusal(): string | undefined {
    return this.foreign && `${this.foreign.reason}: ${this.foreign.cure}`;
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
      this.current = { kind: 'down', ...fault, sinceMs, checkedAtMs: now };
    }
  }

  private async fault(): Promise<{ readonly reason: string; readonly cure?: string } | undefined> {
    try {
      const { status, text } = await this.request(this.url, {
        ...{ method: 'GET', timeoutMs: TIMEOUT_MS },
        ...{ bytesMax: ANSWER_BYTES_READ, whenLarger: 'cut' },
      });
      if (status !== 200) return { reason: `it answers ${status} to /readyz` };
      this.foreign = foreignFault(await this.own(), clusterIn(text));
      return this.foreign;
    } catch (error) {
      return { reason: edgeFailure(error) };
    }
  }
}

/** Nothing for an answer that was cut, or that is none of an edge. */
function clusterIn(text: string): ClusterIdentity | undefined {
  try {
    return answerSchema.parse(JSON.parse(text)).cluster ?? undefined;
  } catch {
    return undefined;
  }
}

/** Undefined: they are of one cluster, or one of them does not know yet. */
function foreignFault(
  own: ClusterIdentity | undefined,
  edge: ClusterIdentity | undefined,
): Foreign | undefined {
  if (own === undefined || edge === undefined || own.id === edge.id) return undefined;
  return {
    reason: `it is of cluster ${named(edge)}, and this console of cluster ${named(own)}`,
    cure: `set FORESHARD_EDGE_URL of the console to an edge of ${own.name}, or its DATABASE_URL to that of ${edge.name}`,
  };
}

/** Two clusters may have been given the same name. */
function named({ name, id }: ClusterIdentity): string {
  return `"${name}" (${id.slice(0, 8)})`;
}
