/**
 * A process that is a member of a group with `order: log`, by plain requests: it fetches the next answer while the one before is
 * committed, and watches the order of what comes, until it is killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf, type StoredEvent } from '@foreshard/client/source';
import { Ledger } from './ledger.fixture.ts';
import { type OrderedAnswer, type OrderedBatch, OrderWatch } from './order-watch.fixture.ts';

interface Batch extends OrderedBatch {
  readonly epoch: number;
  readonly through: number;
  readonly events: readonly StoredEvent[];
}

interface Poll extends OrderedAnswer {
  readonly version: number;
  readonly batches: readonly Batch[];
}

const { EDGE_URLS = '', TOKEN = '', GROUP = '', MEMBER = '', LEDGER_URL = '' } = process.env;
const urls = EDGE_URLS.split(',');
const path = `/v1/groups/${GROUP}`;
const ledger = new Ledger(LEDGER_URL);
const watch = new OrderWatch();
const watcher = `${MEMBER} ${process.pid}`;
const LIMIT = 200;
const WAIT_MS = 1_000;
const TIMEOUT_MS = 15_000;
const AGAIN_MS = 100;
const WORK_MS_MAX = 30;

let version: number | undefined;
/** what is processed, and committed while the next answer is fetched */
let held: readonly Batch[] = [];

for (let i = 0; ; i++)
  await work(urls[i % urls.length]!).catch(() => {
    held = [];
    return sleep(AGAIN_MS);
  });

/** Until a request fails. */
async function work(url: string): Promise<void> {
  for (;;) {
    const after = Object.fromEntries(
      held.map(({ shardlet, through: seq, assignment }) => [shardlet, { seq, assignment }]),
    );
    const asked = { member: MEMBER, limit: LIMIT, wait: WAIT_MS, after, ...(version && { version }) };
    const [poll] = await Promise.all([post<Poll>(`${url}${path}/poll`, asked), commit(url, held)]);
    version = poll.version;
    watch.answered(poll);
    held = await processed(poll.batches);
  }
}

async function processed(batches: readonly Batch[]): Promise<readonly Batch[]> {
  if (batches.length === 0) return [];
  await sleep(Math.random() * WORK_MS_MAX);
  const all = batches.map(({ events, ...batch }) => ({
    ...batch,
    events: events.map(({ seq, event }) => ({ seq, id: event.id, key: keyOf(event) })),
  }));
  await ledger.watched(watcher, watch);
  const mine = await ledger.takeAll(GROUP, all);
  return batches.filter(({ shardlet }) => mine.has(shardlet));
}

/** Refused where the shardlet went to another member. */
async function commit(url: string, batches: readonly Batch[]): Promise<void> {
  if (batches.length === 0) return;
  const positions = batches.map(({ shardlet, through: seq, epoch, assignment }) => ({
    ...{ shardlet, seq, epoch, assignment },
  }));
  await post(`${url}${path}/commit`, { member: MEMBER, positions }, [200, 409]);
}

async function post<T>(url: string, body: object, expected: readonly number[] = [200]): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!expected.includes(response.status)) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text);
}
