/**
 * A client made of bare sockets, so that the load generator costs little beside what it measures: prepared
 * requests go out as bytes, replies are only counted. It speaks just enough HTTP/1.1 and RESP for that.
 */
import { createConnection, type Socket } from 'node:net';

export interface WireClient {
  /** Sends a request; resolves with the reply's bytes. One request in flight a connection. */
  send(request: Buffer): Promise<Buffer>;
  close(): void;
}

/** Length of the first complete reply in the buffer, or 0. */
export type ReplyLength = (buffer: Buffer) => number;

export function httpReplyLength(buffer: Buffer): number {
  const headEnd = buffer.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const length = /content-length: *(\d+)/i.exec(buffer.toString('latin1', 0, headEnd));
  if (length === null)
    throw new Error(`a reply without content-length: ${buffer.toString('latin1', 0, headEnd)}`);
  const end = headEnd + 4 + Number(length[1]);
  return buffer.length >= end ? end : 0;
}

/** Of a bulk string or an error: what XADD answers. */
export function respReplyLength(buffer: Buffer): number {
  const lineEnd = buffer.indexOf('\r\n');
  if (lineEnd < 0) return 0;
  if (buffer[0] !== 0x24) return lineEnd + 2;
  const end = lineEnd + 2 + Number(buffer.toString('latin1', 1, lineEnd)) + 2;
  return buffer.length >= end ? end : 0;
}

export async function connectWire(host: string, port: number, replyLength: ReplyLength): Promise<WireClient> {
  const socket: Socket = createConnection({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  let pending: { resolve(reply: Buffer): void; reject(error: Error): void } | undefined;
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = replyLength(received);
    if (end === 0 || pending === undefined) return;
    const reply = received.subarray(0, end);
    received = received.subarray(end);
    const { resolve } = pending;
    pending = undefined;
    resolve(reply);
  });
  const fail = (error: Error) => pending?.reject(error);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  return {
    send(request) {
      return new Promise((resolve, reject) => {
        pending = { resolve, reject };
        socket.write(request);
      });
    },
    close: () => socket.destroy(),
  };
}

export function httpPost(path: string, token: string, mediaType: string, body: Buffer): Buffer {
  const head =
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n` +
    `content-type: ${mediaType}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** A command as RESP. */
export function respCommand(...args: (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = Buffer.from(arg as string);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}
