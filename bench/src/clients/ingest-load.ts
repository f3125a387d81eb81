/**
 * Closed-loop bulk load, in a process of its own: `connections` posts of NDJSON in flight until `seconds` are
 * over. Prints one JSON line: events acknowledged and the time they took. Ids never repeat between runs.
 *
 *   node ingest-load.ts URL TOKEN BATCH CONNECTIONS SECONDS KEYS
 */
import { type Batch, batchOf, renumber, zipfSampler } from '../measure/random-events.ts';
import { connectWire, httpPost, httpReplyLength, type WireClient } from './wire.ts';

const [url = '', token = '', batchSize = '1000', connections = '8', seconds = '5', keys = '100000'] =
  process.argv.slice(2);
const target = new URL(url);
const size = Number(batchSize);
const nextKey = zipfSampler(Number(keys), 0.99);
const PREPARED_PER_CONNECTION = 2;

let nextId = Date.now() * 1_000;
let acknowledged = 0;

/** A request is written over with fresh ids only after its last reply, so each connection has its own. */
function prepare(): Batch[] {
  return Array.from({ length: PREPARED_PER_CONNECTION }, () => {
    const batch = batchOf(size, nextKey);
    const request = httpPost('/v1/events', token, 'application/x-ndjson', batch.body);
    const bodyAt = request.length - batch.body.length;
    return { body: request, idOffsets: batch.idOffsets.map((o) => o + bodyAt) };
  });
}

async function drive(client: WireClient, requests: readonly Batch[], endMs: number): Promise<void> {
  for (let i = 0; performance.now() < endMs; i++) {
    const request = requests[i % requests.length]!;
    renumber(request, nextId);
    nextId += size;
    const reply = await client.send(request.body);
    const status = reply.toString('latin1', 9, 12);
    if (status !== '200') throw new Error(`the edge answered ${reply.toString('latin1', 0, 600)}`);
    acknowledged += size;
  }
  client.close();
}

// all is made before the clock starts: making it costs more than the edge and the host together
const drivers = await Promise.all(
  Array.from({ length: Number(connections) }, async () => ({
    client: await connectWire(target.hostname, Number(target.port), httpReplyLength),
    requests: prepare(),
  })),
);
const startMs = performance.now();
const endMs = startMs + Number(seconds) * 1_000;
await Promise.all(drivers.map(({ client, requests }) => drive(client, requests, endMs)));
const elapsedMs = performance.now() - startMs;
process.stdout.write(`${JSON.stringify({ events: acknowledged, seconds: elapsedMs / 1_000 })}\n`);
