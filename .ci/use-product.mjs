/**
 * node .ci/use-product.mjs FOLDER write|read: a client of a product that runs in FOLDER. `write` stores an
 * event and reads it back; `read` finds it again after a restart, and is told of a repetition.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, mode] = process.argv.slice(2);
const { edgeUrl, consoleUrl, token } = JSON.parse(
  readFileSync(join(folder, '.foreshard/credentials.json'), 'utf8'),
);
const headers = { authorization: `Bearer ${token}` };
const event = {
  specversion: '1.0',
  id: 'ci-1',
  source: '/ci',
  type: 'ci.event',
  subject: 'a-key',
  data: { n: 1 },
};

await answered(`${edgeUrl}/readyz`, {});
await answered(consoleUrl, {});
const [stored] = (
  await answered(`${edgeUrl}/v1/events`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(event),
  })
).results;
const wanted = mode === 'write' ? 'stored' : 'duplicate';
if (stored.status !== wanted) throw new Error(`the event is ${stored.status}, not ${wanted}`);
const { events } = await answered(`${edgeUrl}/v1/log?limit=10&wait=5`, { headers });
const found = events.find((e) => e.event.id === event.id && e.event.source === event.source);
if (found?.seq !== stored.seq || found.event.data.n !== 1) throw new Error('the event does not come back');
console.log(`the event is ${stored.status} as ${stored.shardlet}/${stored.seq} and comes back`);

async function answered(url, request) {
  const response = await fetch(url, request);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
}
