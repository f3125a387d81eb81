/**
 * Where scores are kept: of each minute the newest picture with every part and its raw value, for hours; of
 * each hour the worst picture by subject stays for longer, because what was bad is what people look for.
 */
import type { Health } from './health-score.ts';
import type { Resolution } from './profile-store.ts';

export interface HealthPicture {
  readonly atMs: number;
  readonly shardlets: ReadonlyMap<number, Health>;
  readonly hosts: ReadonlyMap<number, Health>;
}

export type HealthSubject = { readonly kind: 'shardlet' | 'host'; readonly id: number };

export interface HealthAt extends Health {
  readonly atMs: number;
}

export interface HealthStore {
  add(picture: HealthPicture): Promise<void>;
  /** The newest; undefined when none was made yet. */
  current(): Promise<HealthPicture | undefined>;
  /** One subject over time, oldest first; times at which it did not exist are left out. */
  history(subject: HealthSubject, resolution: Resolution, fromMs: number, toMs: number): Promise<HealthAt[]>;
  /** Answers how many pictures were past their retention. */
  forget(nowMs: number): Promise<number>;
}

/** Per subject the lower score. */
export function worse(a: HealthPicture, b: HealthPicture): HealthPicture {
  return { atMs: a.atMs, shardlets: worst(a.shardlets, b.shardlets), hosts: worst(a.hosts, b.hosts) };
}

function worst(a: ReadonlyMap<number, Health>, b: ReadonlyMap<number, Health>): Map<number, Health> {
  const result = new Map(a);
  for (const [id, health] of b) {
    const other = result.get(id);
    if (other === undefined || (health.score ?? 101) < (other.score ?? 101)) result.set(id, health);
  }
  return result;
}
