/**
 * A consumer's own database, as docs/consumers.md describes it: the position is stored in the transaction of the
 * effects. `at` is the order of first processing: within a shardlet the row of its position is locked, and a child is
 * given out after its parents are processed.
 */
import { Pool } from 'pg';

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
    PRIMARY KEY (grp, shardlet))`;

export class Ledger {
  private readonly pool: Pool;

  constructor(url: string) {
    this.pool = new Pool({ connectionString: url, max: 4 });
  }

  async prepare(): Promise<void> {
    await this.pool.query(TABLES);
  }

  /** `false`: a newer assignment was here; nothing was changed. */
  async take(group: string, { shardlet, assignment, through, events }: Taken): Promise<boolean> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const row = [group, shardlet];
      await client.query('INSERT INTO position VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING', row);
      const known = 'SELECT assignment, seq FROM position WHERE grp = $1 AND shardlet = $2 FOR UPDATE';
      const [at] = (await client.query(known, row)).rows;
      const isMine = Number(at.assignment) <= assignment;
      if (isMine) {
        const anew = events.filter(({ seq }) => seq > Number(at.seq));
        await client.query(
          `INSERT INTO effect (grp, shardlet, seq, id, key)
           SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[])`,
          [...row, anew.map((e) => e.seq), anew.map((e) => e.id), anew.map((e) => e.key)],
        );
        await client.query(
          'UPDATE position SET assignment = $3, seq = greatest(seq, $4) WHERE grp = $1 AND shardlet = $2',
          [...row, assignment, through],
        );
      }
      await client.query('COMMIT');
      return isMine;
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

  close(): Promise<void> {
    return this.pool.end();
  }
}
