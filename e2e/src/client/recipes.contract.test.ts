/** The recipes of docs/client.md, as they stand there. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type ConsumedEvent, connect, type Foreshard } from '@foreshard/client/source';
import { createDatabase } from '@foreshard/local';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { blockWith } from './installed-client.fixture.ts';

const GUIDE = 'docs/client.md';

let cluster: EdgeCluster;
let foreshard: Foreshard;
let pool: Pool;
beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  for (const name of ['main', 'changes']) await cluster.createStream({ name, shardCount: 2 });
  await cluster.startEdge();
  foreshard = connect({ url: cluster.edgeUrl, token: cluster.token });
  pool = new Pool({
    connectionString: await createDatabase(inject('postgresUrl'), `recipes_${process.pid}`),
  });
}, 180_000);
afterAll(async () => {
  await pool?.end();
  await cluster?.stop();
});

// biome-ignore lint/suspicious/noExplicitAny: the code of a document has no types
async function moduleOf(text: string): Promise<any> {
  const code = await blockWith(GUIDE, 'js', text);
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

async function idsOf(stream: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const item of foreshard.reader().read({ stream }))
    if (item.kind === 'event') ids.push(item.event.id);
  return ids;
}

describe('the outbox', () => {
  it('sends what was committed, in order, once, also after a relay was killed before it deleted', async () => {
    const { relay } = await moduleOf('// outbox.mjs');
    for (const statement of (await blockWith(GUIDE, 'sql', 'CREATE TABLE outbox')).split(';\n'))
      if (statement.trim() !== '') await pool.query(statement);
    const client = await pool.connect();
    await client.query('BEGIN');
    const put = 'INSERT INTO outbox (event) VALUES ($1)';
    const event = (id: string) => JSON.stringify({ id, source: '/shop', type: 't', subject: 'order-7' });
    await client.query(put, [event('rolled-back')]);
    await client.query('ROLLBACK');
    for (let i = 0; i < 50; i++) await client.query(put, [event(`paid-${i}`)]);
    client.release();

    const producer = foreshard.producer({ stream: 'changes' });
    // killed between the sending and the end of the transaction
    const dying = { connect: async () => dyingAt(await pool.connect(), 'DELETE') };
    await expect(relay(dying, producer)).rejects.toThrow('killed');
    expect(await relay(pool, producer)).toBe(51);
    expect(await relay(pool, producer)).toBe(0);
    await producer.close();
    expect(await idsOf('changes')).toEqual([
      'order-7-placed',
      ...Array.from({ length: 50 }, (_, i) => `paid-${i}`),
    ]);
  }, 60_000);

  function dyingAt(client: import('pg').PoolClient, word: string) {
    return {
      query: async (text: string, values?: unknown[]) => {
        if (text.startsWith(word)) throw new Error('killed');
        return client.query(text, values);
      },
      release: () => client.release(),
    };
  }
});

describe('exactly once in a sink', () => {
  it('has each effect once, though processes die between the sink and the commit', async () => {
    const { once } = await moduleOf('// once.mjs');
    await pool.query(await blockWith(GUIDE, 'sql', 'CREATE TABLE position'));
    await pool.query('CREATE TABLE invoice (id text)');
    const producer = foreshard.producer({ source: '/shop' });
    await Promise.all(
      Array.from({ length: 400 }, (_, i) => producer.send({ id: `${i}`, type: 't', subject: `k${i % 9}` })),
    );
    await producer.close();
    const insert = (client: import('pg').PoolClient, { event }: ConsumedEvent) =>
      client.query('INSERT INTO invoice VALUES ($1)', [event.id]);
    const handler = once(pool, insert);
    // each dies after its transaction and before its commit, with batches of another size than the next one
    for (const batchEventsMax of [70, 130, 20, 500]) {
      const dies = foreshard.consumer({ group: 'once', stream: 'main', batchEventsMax });
      await expect(
        dies.eachBatch(async (batch) => {
          await handler(batch);
          throw new Error('killed');
        }),
      ).rejects.toThrow('killed');
    }
    await foreshard.consumer({ group: 'once', batchEventsMax: 30 }).eachBatch(handler, { eventsMax: 400 });
    const { rows } = await pool.query(
      'SELECT count(*)::int AS all, count(DISTINCT id)::int AS distinct FROM invoice',
    );
    expect(rows).toEqual([{ all: 400, distinct: 400 }]);
  }, 60_000);
});

describe('a processor', () => {
  it('that joins has every pair once, though its halves come to different processes', async () => {
    const { joining } = await moduleOf('// join.mjs');
    const shipped: number[] = [];
    const ship = (order: { n: number }, payment: { n: number }) => shipped.push(order.n + payment.n);
    await cluster.createStream({ name: 'pairs', shardCount: 2 });
    const producer = foreshard.producer({ stream: 'pairs', source: '/shop' });
    for (const type of ['order', 'payment'])
      await Promise.all(
        Array.from({ length: 60 }, (_, n) => producer.send({ type, subject: `order-${n}`, data: { n } })),
      );
    await producer.close();
    for (const eventsMax of [50, 40, 30])
      await foreshard
        .processor({ group: 'shipping', stream: 'pairs', batchEventsMax: 10 })
        .run(joining(ship), { eventsMax });
    expect(shipped.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => 2 * n));
  }, 60_000);
});

describe('dead letters', () => {
  it('an event that fails is kept with its reason, the others go on, and a redrive brings it again', async () => {
    const recipe = await blockWith(GUIDE, 'js', 'deadLetters: {');
    const options = /\{\n.*\}/s
      .exec(recipe)![0]
      .replace("'main'", "'orders'")
      .replace('200 * 2 ** failed', '1');
    await cluster.createStream({ name: 'orders', shardCount: 1 });
    const consumer = foreshard.consumer({
      ...new Function(`return (${options})`)(),
      group: 'letters',
      redriveEveryMs: 100,
    });
    const producer = foreshard.producer({ stream: 'orders', source: '/shop' });
    for (let i = 0; i < 5; i++) await producer.send({ id: `${i}`, type: 't', subject: 'k' });
    await producer.close();
    const seen: ConsumedEvent[] = [];
    let isMended = false;
    let tries = 0;
    const ended = consumer.eachEvent((event) => {
      if (event.event.id === '2' && !isMended) {
        tries++;
        throw new Error('no tax rate');
      }
      seen.push(event);
    });
    await vi.waitFor(() => expect(seen.map(({ event }) => event.id)).toEqual(['0', '1', '3', '4']), {
      timeout: 30_000,
    });
    expect(tries).toBe(5);
    const listed = () => cluster.get('/v1/groups/letters/dead-letters');
    // the edge may learn only now that the stream of the letters is open
    await vi.waitFor(async () => expect((await listed()).body.letters).toHaveLength(1), { timeout: 10_000 });
    const { body } = await listed();
    expect(body.letters).toMatchObject([
      { state: 'dead', reason: 'Error: no tax rate', attempts: 5, key: 'k' },
    ]);
    isMended = true;
    const order = { letters: [body.letters[0].letter], note: 'the rate is there' };
    const redriven = await cluster.send('/v1/groups/letters/redrives', {
      ...{ method: 'POST', body: JSON.stringify(order), headers: { 'content-type': 'application/json' } },
    });
    expect(redriven.status, JSON.stringify(redriven.body)).toBe(200);
    await vi.waitFor(() => expect(seen.at(-1)?.redriven).toBeDefined(), { timeout: 30_000 });
    expect(seen.at(-1)).toMatchObject({
      event: { id: '2' },
      redriven: { seq: 3, note: 'the rate is there' },
    });
    await consumer.close();
    await ended;
  }, 90_000);
});

describe('Debezium Server', () => {
  it('posts events as the guide says: they are stored, once however often they come', async () => {
    const settings = await blockWith(GUIDE, 'properties', 'debezium');
    expect(settings).toContain('/v1/streams/changes/events');
    expect(settings).toContain('extension.attributes.enable=false');
    const change = await readFile(
      fileURLToPath(new URL('debezium-change.fixture.json', import.meta.url)),
      'utf8',
    );
    const post = (body: string) =>
      cluster.send('/v1/streams/changes/events', {
        ...{ method: 'POST', body, headers: { 'content-type': 'application/cloudevents+json' } },
      });
    for (const status of ['stored', 'duplicate'])
      expect(await post(change)).toMatchObject({ status: 200, body: { results: [{ status }] } });
    // with the extensions of its PostgreSQL connector, and the batches of its sink
    const extended = JSON.stringify({ ...JSON.parse(change), iodebeziumop: 'c', iodebeziumtxId: '565' });
    expect(await post(extended)).toMatchObject({ status: 400, body: { code: 'invalid_event' } });
    expect((await post(`[${change}]`)).status).toBe(400);
  });
});
