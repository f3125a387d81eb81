/** A process that keeps the ids of each key as its state, until it is killed. Its effects are rows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@foreshard/client/source';
import { Pool } from 'pg';

const { EDGE_URLS = '', TOKEN = '', GROUP = '', MEMBER = '', DATABASE_URL = '' } = process.env;
const pool = new Pool({ connectionString: DATABASE_URL, max: 4 });
/** so that a kill meets a member at work */
const WORK_MS_MAX = 10;
const WORK_SHARE = 0.05;
/** What this member has committed had its effect: one more is one too many. */
const EFFECT = `
  INSERT INTO tested_effect (id, shardlet, seq, again) VALUES ($1, $2, $3, EXISTS (
    SELECT FROM consumer_checkpoint WHERE "group" = $4 AND member = $5 AND shardlet = $2 AND seq >= $3))`;

const processor = connect({ url: EDGE_URLS.split(','), token: TOKEN }).processor<string[]>({
  ...{ group: GROUP, member: MEMBER, heartbeatMs: 500, concurrency: 2, batchEventsMax: 50 },
  ...{ intervalMs: 1_500, letGoMs: 5_000 },
});
process.once('SIGTERM', () => processor.close().finally(() => process.exit(0)));

await processor.run({
  async handle({ event, shardlet, seq }, state, { effect }) {
    if (Math.random() < WORK_SHARE) await sleep(Math.random() * WORK_MS_MAX);
    state.set([...(state.get() ?? []), event.id]);
    await effect(() => pool.query(EFFECT, [event.id, shardlet, seq, GROUP, MEMBER]));
  },
});
