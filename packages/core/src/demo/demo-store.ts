/**
 * The port to the one demo there is. It lasts, so a worker that finds a demo whose worker died cleans up after it, and
 * edges know the limit of its hosts for exactly as long as it is under way.
 */
import type { Principal } from '../access/index.ts';
import type { DemoStatus } from './demo-status.ts';

export interface StoredDemo {
  readonly status: DemoStatus;
  /** for whom it moves and deletes: recorded with everything it does */
  readonly principal: Principal;
  /** who asked to stop it; null: nobody */
  readonly stopBy: string | null;
  /** token of its load, to be revoked at the end */
  readonly tokenId: string | null;
}

/** What the edge lets each host take of the demo's stream. */
export interface DemoLimit {
  readonly stream: string;
  readonly eventsPerSecondOfHost: number;
}

export interface DemoStore {
  read(): Promise<StoredDemo | undefined>;
  /** `false` while another one is under way. */
  request(status: DemoStatus, principal: Principal): Promise<boolean>;
  /** `false` when none is under way. */
  stop(by: string): Promise<boolean>;
  /** Answers who asked to stop it. */
  write(status: DemoStatus): Promise<string | null>;
  noteToken(tokenId: string | null): Promise<void>;
  /** undefined: no demo is under way */
  limit(): Promise<DemoLimit | undefined>;
}
