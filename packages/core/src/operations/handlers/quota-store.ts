/** The port to quotas of single tokens and streams. Edges read them every few seconds. */
import type { QUOTA_SCOPES } from '../quotas.ts';

export interface StoredQuota {
  readonly scope: (typeof QUOTA_SCOPES)[number];
  /** id of the token, name of the stream */
  readonly subject: string;
  readonly eventsPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
}

export interface QuotaStore {
  list(): Promise<readonly StoredQuota[]>;
  /** Replaces both values. */
  set(quota: StoredQuota): Promise<void>;
  /** `false` when there was none. */
  remove(scope: StoredQuota['scope'], subject: string): Promise<boolean>;
}
