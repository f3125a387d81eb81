/**
 * A consumer's own database, as docs/consumers.md describes it: the position is stored in the transaction
 * of the data, so an event has its effect once, whoever processes it and however often it is delivered.
 */
import type { Batch } from '@foreshard/core/consuming';
import { framePayload } from '@foreshard/core/hosts';
import { Pool } from 'pg';

export interface Effect {
  readonly shardlet: number;
  readonly seq: number;
  readonly id: string;
}

export class PostgresSink {
  private readonly pool: Pool;

  static async open(url: string): Promise<PostgresSink> {
    const sink = new PostgresSink(url);
    await sink.pool.query(`
      CREATE TABLE effect (at bigserial, shardlet bigint, seq bigint, id text);
      CREATE TABLE position (shardlet bigint PRIMARY KEY, assignment bigint NOT NULL, seq bigint NOT NULL)`);
    return sink;
  }

  private constructor(url: string) {
    this.pool = new Pool({ connectionString: url, max: 4 });
  }

  /** `false`: a newer assignment was here; nothing was changed. */
  async take({ shardlet: { id }, assignment, through, records }: Batch): Promise<boolean> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('INSERT INTO position VALUES ($1, 0, 0) ON CONFLICT DO NOTHING', [id]);
      const known = 'SELECT assignment, seq FROM position WHERE shardlet = $1 FOR UPDATE';
      const [at] = (await client.query(known, [id])).rows;
      const mine = Number(at.assignment) <= assignment;
      if (mine) {
        for (const { seq, frame } of records)
          if (seq > Number(at.seq))
            await client.query('INSERT INTO effect (shardlet, seq, id) VALUES ($1, $2, $3)', [
              id,
              seq,
              idOf(frame),
            ]);
        const upTo = Math.max(through, Number(at.seq));
        const moved = 'UPDATE position SET assignment = $2, seq = $3 WHERE shardlet = $1';
        await client.query(moved, [id, assignment, upTo]);
      }
      await client.query('COMMIT');
      return mine;
    } finally {
      client.release();
    }
  }

  async effects(): Promise<Effect[]> {
    const { rows } = await this.pool.query('SELECT shardlet, seq, id FROM effect ORDER BY at');
    return rows.map((r) => ({ shardlet: Number(r.shardlet), seq: Number(r.seq), id: r.id }));
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

function idOf(frame: Uint8Array): string {
  return JSON.parse(Buffer.from(framePayload(frame)).toString()).id;
}
