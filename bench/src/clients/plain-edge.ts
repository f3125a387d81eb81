/**
 * The yardstick a team would write in an afternoon: an HTTP server that parses NDJSON with JSON.parse and
 * sends one XADD per event through ioredis with auto-pipelining. No fence, no deduplication, no order
 * across keys, one Redis stream per slice of the keys.
 *
 *   node plain-edge.ts PORT REDIS_URL STREAMS
 */
import { createServer } from 'node:http';
import { hashKey } from '@foreshard/core/keyspace';
import { Redis } from 'ioredis';

const [port, redisUrl = '', streams = '10000'] = process.argv.slice(2);
const redis = new Redis(redisUrl, { enableAutoPipelining: true });
const streamCount = Number(streams);

async function store(line: string): Promise<{ id: string; ts: string | null }> {
  const event = JSON.parse(line) as { id: string; subject: string };
  const ts = await redis.xadd(`plain:${hashKey(event.subject) % streamCount}`, '*', 'e', line);
  return { id: event.id, ts };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const lines = Buffer.concat(chunks).toString('utf8').split('\n').filter(Boolean);
    const body = JSON.stringify({ results: await Promise.all(lines.map(store)) });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
process.on('SIGTERM', () => process.exit(0));
