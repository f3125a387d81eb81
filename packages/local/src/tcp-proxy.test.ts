import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** Answers every piece with the same piece, and remembers all of them. */
let server: Server;
let received: string[];
let proxy: TcpProxy;
beforeEach(async () => {
  received = [];
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      received.push(piece.toString());
      socket.write(piece);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startTcpProxy({ port: (server.address() as AddressInfo).port });
});
afterEach(async () => {
  await proxy.stop();
  server.close();
});

interface Client {
  readonly socket: Socket;
  readonly ended: Promise<void>;
  /** what has come back until there is that much */
  until(length: number): Promise<string>;
}

async function client(): Promise<Client> {
  const socket = connect(proxy.port, '127.0.0.1');
  let got = '';
  socket.on('error', () => {});
  socket.on('data', (piece) => {
    got += piece;
  });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const connected = new Promise((resolve) => socket.once('connect', resolve));
  await Promise.race([connected, ended]);
  const until = async (length: number) => {
    while (got.length < length) await new Promise((resolve) => socket.once('data', resolve));
    return got;
  };
  return { socket, ended, until };
}

test('passes on what comes, both ways, and gives the same address by its own port', async () => {
  const { socket, until } = await client();
  socket.write('hello');
  expect(await until(5)).toBe('hello');
  expect(proxy.through('redis://:secret@127.0.0.1:6379/1')).toBe(`redis://:secret@127.0.0.1:${proxy.port}/1`);
});

test('lets what was held arrive after its client has left', async () => {
  const { socket, ended } = await client();
  proxy.hold('toServer');
  socket.write('late');
  socket.end();
  await ended;
  expect(received).toEqual([]);
  await proxy.release('toServer');
  expect(received).toEqual(['late']);
});

test('holds and slows down answers without changing their order', async () => {
  const { socket, until } = await client();
  proxy.hold('toClient');
  socket.write('1');
  await expect.poll(() => received.length).toBe(1);
  proxy.delay('toClient', 20);
  const startedMs = Date.now();
  await proxy.release('toClient');
  socket.write('2');
  expect(await until(2)).toBe('12');
  expect(Date.now() - startedMs).toBeGreaterThanOrEqual(19);
});

test('cuts at a piece, which nobody gets, and only there', async () => {
  const first = await client();
  proxy.cutAtPiece('toClient', 2);
  first.socket.write('1');
  expect(await first.until(1)).toBe('1');
  first.socket.write('2');
  await first.ended;
  expect(received).toEqual(['1', '2']);
  expect(proxy.cuts).toBe(1);
  const second = await client();
  second.socket.write('3');
  expect(await second.until(1)).toBe('3');
});

test('cuts after so many bytes, which arrive', async () => {
  const { socket, ended } = await client();
  proxy.cutAfterBytes('toServer', 3);
  socket.write('hello');
  await ended;
  await expect.poll(() => received).toEqual(['hel']);
});

test('sends everything twice when it is told to', async () => {
  proxy.sendTwice();
  const { socket, until } = await client();
  socket.write('again');
  await expect.poll(() => received).toEqual(['again', 'again']);
  expect(await until(5)).toBe('again');
});

test('lets nobody in while it does not admit', async () => {
  proxy.admit(false);
  const { ended } = await client();
  await ended;
  proxy.admit(true);
  const { socket, until } = await client();
  socket.write('in');
  expect(await until(2)).toBe('in');
});
