/** Answers of servers that mean no good, or break: real sockets, and a process of its own where it might die. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OutgoingRequest, request } from './request.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const packed = gzipSync(Buffer.alloc(400_000_000));
const small = gzipSync('ten bytes!');
const gzip = (bytes: Buffer, length = bytes.length) => [
  `${HEAD}content-encoding: gzip\r\ncontent-length: ${length}\r\n\r\n`,
  bytes,
];
/** what the server sends, by path, before it closes; `stay`: it does not close */
const ANSWERS: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  '/bomb': gzip(packed),
  '/bomb-cut-off': gzip(packed, packed.length + 10),
  // ends with its connection: the one that ends Node's own fetch with the process
  '/bomb-without-length': [`${HEAD}content-encoding: gzip\r\nconnection: close\r\n\r\n`, packed],
  '/chunk-cut-off': [`${HEAD}content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n64\r\n`, small],
  '/half-gzip': gzip(small.subarray(0, 15)),
  '/gzip': gzip(small),
  '/brotli': [`${HEAD}content-encoding: br\r\ncontent-length: 3\r\n\r\nabc`],
  '/plain': [`${HEAD}content-length: 10\r\n\r\nten bytes!`],
  '/plain-11': [`${HEAD}content-length: 11\r\n\r\neleven byte`],
  '/endless': [HEAD, '\r\n', Buffer.alloc(30_000_000, 'x')],
  '/no-http': ['SSH-2.0-OpenSSH_9.2\r\n'],
  '/nothing': [],
  '/redirect': ['HTTP/1.1 302 Found\r\nlocation: /plain\r\ncontent-length: 0\r\n\r\n'],
  '/head-only-stay': [`${HEAD}content-length: 10\r\n\r\n`],
};

const sockets = new Set<Socket>();
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', (head) => {
      const path = /^\w+ (\S+)/.exec(head.toString())![1]!;
      for (const part of ANSWERS[path]!) socket.write(part);
      if (!path.endsWith('stay')) socket.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

function get(path: string, change: Partial<OutgoingRequest> = {}) {
  return request(url + path, { method: 'GET', timeoutMs: 5_000, bytesMax: 10, ...change });
}

describe('an answer', () => {
  it.each(['/plain', '/gzip'])('of exactly the limit is taken: %s', async (path) => {
    const bytesMax = path === '/gzip' ? small.length : 10;
    expect(await get(path, { bytesMax })).toEqual({ status: 200, text: 'ten bytes!' });
  });

  it('is not looked for where it redirects to', async () => {
    expect(await get('/redirect')).toEqual({ status: 302, text: '' });
  });

  it('above the limit is cut where that was asked for', async () => {
    expect(await get('/endless', { whenLarger: 'cut' })).toEqual({ status: 200, text: 'x'.repeat(10) });
    expect(await get('/plain-11', { whenLarger: 'cut' })).toEqual({ status: 200, text: 'eleven byt' });
  });
});

describe('fails in words', () => {
  it.each([
    ['/plain-11', {}, 'too-large', /larger than 0.00001 MB/],
    ['/endless', {}, 'too-large', /larger than/],
    ['/bomb', { bytesMax: 2_000_000 }, 'too-large', /larger than 2 MB/],
    ['/half-gzip', { bytesMax: 1_000 }, 'broken', /not valid gzip/],
    ['/brotli', {}, 'broken', /packed as "br"/],
    ['/nothing', {}, 'broken', /other side closed/],
    ['/no-http', {}, 'broken', /Response does not match/],
    ['/head-only-stay', { timeoutMs: 300 }, 'timeout', /no complete answer within 0.3 s/],
  ] as const)('%s', async (path, change, kind, message) => {
    await expect(get(path, change)).rejects.toMatchObject({
      name: 'RequestFailed',
      kind,
      message: expect.stringMatching(message),
    });
  });

  it('where nobody listens', async () => {
    const nobody = request('http://127.0.0.1:1', { method: 'GET', timeoutMs: 5_000, bytesMax: 10 });
    await expect(nobody).rejects.toMatchObject({
      kind: 'broken',
      message: 'connect ECONNREFUSED 127.0.0.1:1',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('with the reason of who called it off', async () => {
    const signal = AbortSignal.timeout(50);
    const failed = await get('/head-only-stay', { signal }).catch((error) => error);
    expect(failed).toBe(signal.reason);
  });
});

it('no answer ends the process', async () => {
  const program = `
    import { request } from ${JSON.stringify(new URL('./request.ts', import.meta.url).href)};
    for (const path of ${JSON.stringify(Object.keys(ANSWERS).filter((path) => !path.endsWith('stay')))})
      for (const whenLarger of ['fail', 'cut'])
        for (let i = 0; i < 2; i++)
          await request(${JSON.stringify(url)} + path, { method: 'GET', timeoutMs: 2_000, bytesMax: 20_000_000, whenLarger })
            .catch(() => {});
    console.log('alive', Math.round(process.memoryUsage().rss / 1e6));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  expect(stdout).toMatch(/^alive \d+\n$/);
});
