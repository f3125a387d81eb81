/**
 * A consumer's own database, as docs/consumers.md describes it: the position is stored in the transaction of the
 * effects. `at` is the order of first processing: within a shardlet the row of its position is locked, and a child is
 * given out after its parents are processed.
 */
import { Pool, type PoolClient } from 'pg';
import type { Watched } from './order-watch.fixture.ts';

export interface Taken {
  readonly shardlet: number;
  readonly assignment: number;
  readonly through: number;
  readonly events: readonly { readonly seq: number; readonly id: string; readonly key: string }[];
}

export interface Effect {
  readonly at: number;
  readonly shardlet: number;
  readonly seq: number;
  readonly id: string;
  readonly key: string;
}

const TABLES = `
  CREATE TABLE effect (at bigserial, grp text, shardlet bigint, seq bigint, id text, key text);
  CREATE TABLE position (grp text, shardlet bigint, assignment bigint NOT NULL, seq bigint NOT NULL,
    PRIMARY KEY (grp, shardlet));
  CREATE TABLE watch (watcher text PRIMARY KEY, compared bigint NOT NULL, faults text[] NOT NULL)`;

/** `at` grows in the order of the rows. */
const EFFECTS = `
  INSERT INTO effect (grp, shardlet, seq, id, key)
  SELECT $1, shardlet, seq, id, key
    FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[])
      WITH ORDINALITY AS e (shardlet, seq, id, key, nth) ORDER BY nth`;
const REACHED = `
  UPDATE position p SET assignment = r.assignment, seq = r.seq
    FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS r (shardlet, assignment, seq)
   WHERE p.grp = $1 AND p.shardlet = r.shardlet`;

export class Ledger {
  private readonly pool: Pool;

  constructor(url: string) {
    this.pool = new Pool({ connectionString: url, max: 4 });
  }

  async prepare(): Promise<void> {
    await this.pool.query(TABLES);
  }

  /** `false`: a newer assignment was here; nothing was changed. */
  async take(group: string, taken: Taken): Promise<boolean> {
    return (await this.takeAll(group, [taken])).has(taken.shardlet);
  }

  /** In this order, in one transaction. Answers the shardlets of which no newer assignment was here. */
  async takeAll(group: string, all: readonly Taken[]): Promise<ReadonlySet<number>> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const mine = new Set<number>();
      const reached = await positionsOf(client, group, all);
      const anew: (readonly [shardlet: number, seq: number, id: string, key: string])[] = [];
      for (const { shardlet, assignment, through, events } of all) {
        const at = reached.get(shardlet)!;
        if (at.assignment > assignment) continue;
        mine.add(shardlet);
        for (const { seq, id, key } of events) if (seq > at.seq) anew.push([shardlet, seq, id, key]);
        reached.set(shardlet, { assignment, seq: Math.max(at.seq, through) });
      }
      await client.query(EFFECTS, [group, ...[0, 1, 2, 3].map((at) => anew.map((row) => row[at]))]);
      const now = [...mine].map((shardlet) => [shardlet, ...Object.values(reached.get(shardlet)!)]);
      await client.query(REACHED, [group, ...[0, 1, 2].map((at) => now.map((row) => row[at]))]);
      await client.query('COMMIT');
      return mine;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
  }

  /** In the order of first processing. */
  async effects(group: string): Promise<Effect[]> {
    const all = 'SELECT at, shardlet, seq, id, key FROM effect WHERE grp = $1 ORDER BY at';
    const { rows } = await this.pool.query(all, [group]);
    return rows.map(({ at, shardlet, seq, id, key }) => ({
      ...{ at: Number(at), shardlet: Number(shardlet), seq: Number(seq) },
      ...{ id, key },
    }));
  }

  /** Shardlets of which not every event up to their checkpoint is processed. */
  async passedOver(
    group: string,
    checkpoints: readonly { readonly shardlet: number; readonly seq: number }[],
  ): Promise<string[]> {
    const { rows } = await this.pool.query(
      `SELECT c.shardlet, c.seq, count(e.seq) AS done
       FROM unnest($2::bigint[], $3::bigint[]) AS c (shardlet, seq)
       LEFT JOIN effect e ON e.grp = $1 AND e.shardlet = c.shardlet AND e.seq <= c.seq
       GROUP BY c.shardlet, c.seq HAVING count(e.seq) <> c.seq`,
      [group, checkpoints.map((c) => c.shardlet), checkpoints.map((c) => c.seq)],
    );
    return rows.map((r) => `${group}: shardlet ${r.shardlet} is committed to ${r.seq}, processed: ${r.done}`);
  }

  /** What a watcher in a process that is killed has seen so far. */
  async watched(watcher: string, { compared, faults }: Watched): Promise<void> {
    await this.pool.query(
      `INSERT INTO watch VALUES ($1, $2, $3)
       ON CONFLICT (watcher) DO UPDATE SET compared = excluded.compared, faults = excluded.faults`,
      [watcher, compared, faults],
    );
  }

  /** Of all watchers. */
  async seen(): Promise<Watched> {
    const { rows } = await this.pool.query('SELECT watcher, compared, faults FROM watch');
    return {
      compared: rows.reduce((sum, { compared }) => sum + Number(compared), 0),
      faults: rows.flatMap(({ watcher, faults }) => faults.map((fault: string) => `${watcher}: ${fault}`)),
    };
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/** Of each shardlet, locked; in one order, so that nobody waits for whoever waits for them. */
async function positionsOf(client: PoolClient, group: string, all: readonly Taken[]) {
  const shardlets = [...new Set(all.map(({ shardlet }) => shardlet))].sort((a, b) => a - b);
  const row = [group, shardlets];
  await client.query(
    'INSERT INTO position SELECT $1, s, 0, 0 FROM unnest($2::bigint[]) AS s ON CONFLICT DO NOTHING',
    row,
  );
  const { rows } = await client.query(
    `SELECT shardlet, assignment, seq FROM position
     WHERE grp = $1 AND shardlet = ANY($2) ORDER BY shardlet FOR UPDATE`,
    row,
  );
  return new Map(
    rows.map((r) => [Number(r.shardlet), { assignment: Number(r.assignment), seq: Number(r.seq) }]),
  );
}
