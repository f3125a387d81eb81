/** A process that is a member of a group, by the client library or by server-sent events, until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsumedBatch, connect, keyOf } from '@foreshard/client/source';
import { Ledger } from './ledger.fixture.ts';

const { EDGE_URLS = '', TOKEN = '', GROUP = '', MEMBER = '', MODE = '', LEDGER_URL = '' } = process.env;
const urls = EDGE_URLS.split(',');
const ledger = new Ledger(LEDGER_URL);
/** so that a kill meets a member at work */
const WORK_MS_MAX = 30;
const AGAIN_MS = 100;
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

if (MODE === 'pull') await pull();
else for (let i = 0; ; i++) await followed(urls[i % urls.length]!).catch(() => sleep(AGAIN_MS));

async function pull(): Promise<void> {
  const consumer = connect({ url: urls, token: TOKEN }).consumer({
    ...{ group: GROUP, member: MEMBER, heartbeatMs: 500, concurrency: 2, batchEventsMax: 50 },
  });
  await consumer.eachBatch(async (batch) => void (await processed(batch)));
}

async function processed(batch: ConsumedBatch): Promise<boolean> {
  await sleep(Math.random() * WORK_MS_MAX);
  const events = batch.events.map(({ seq, event }) => ({ seq, id: event.id, key: keyOf(event) }));
  return ledger.take(GROUP, { ...batch, events });
}

/** Until the edge is gone. */
async function followed(url: string): Promise<void> {
  const path = `${url}/v1/groups/${GROUP}`;
  const response = await fetch(`${path}/stream?member=${MEMBER}`, { headers });
  if (!response.ok) throw new Error(`${response.status}`);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const parts = (text + chunk).split('\n\n');
    text = parts.pop()!;
    for (const part of parts) {
      if (!part.startsWith('event: batch')) continue;
      const batch: ConsumedBatch = JSON.parse(part.slice(part.indexOf('data: ') + 6));
      if (!(await processed(batch))) continue;
      const { shardlet, through: seq, epoch, assignment } = batch;
      const positions = [{ shardlet, seq, epoch, assignment }];
      const body = JSON.stringify({ member: MEMBER, positions });
      await (await fetch(`${path}/commit`, { method: 'POST', headers, body })).body?.cancel();
    }
  }
}
