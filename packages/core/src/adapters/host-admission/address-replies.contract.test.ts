/** What who may add hosts learns of a place where no host is: nothing that tells one such place from another. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryTopologyStore } from '../memory/index.ts';
import { tryAdmission } from './admission.ts';

const sockets = new Set<Socket>();
const servers: Server[] = [];

async function listening(greet: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    greet(socket);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

let ports: Record<string, number>;
beforeAll(async () => {
  ports = {
    closed: 1,
    silent: await listening(() => {}),
    closing: await listening((socket) => socket.end()),
    ssh: await listening((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n')),
    http: await listening((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ),
  };
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

describe.each(['redis', 'postgresql'])('an address of %s', (scheme) => {
  it('where no host is gets the same words, whatever listens there', async () => {
    const topology = new MemoryTopologyStore({ nowMicros: () => Date.now() * 1_000 });
    const replies = await Promise.all(
      Object.entries(ports).map(async ([name, port]) => {
        const url = `${scheme}://u:p@127.0.0.1:${port}`;
        const reply = await tryAdmission(topology, { url, actor: 'test' });
        if (reply.kind !== 'refused') throw new Error(`${name} was taken`);
        expect(reply.cause, name).toMatch(/./);
        return reply.detail.replace(`:${port} `, ':PORT ');
      }),
    );
    const [first] = replies;
    expect(first).toMatch(/^the host .*:PORT cannot be used: no Redis or PostgreSQL answers there; start it/);
    expect(new Set(replies)).toEqual(new Set([first]));
  }, 30_000);
});
