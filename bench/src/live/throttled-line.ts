/**
 * The line to a host that takes no more than so many events a second: a host of stated capacity, whatever this machine
 * can do. It passes on so many bytes of appends a second; of other calls (copies of moves, looks) a byte costs
 * `OTHERS_COST` of that, since they come in large pieces. Connections that wait are served in turns of equal cost, and
 * one that is too far ahead is not read from, as on a real line.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface ThrottledLine {
  readonly port: number;
  /** from now on; without limit before */
  limit(bytesPerSecond: number): void;
  /** of appends, so far */
  readonly appendBytes: number;
  /** how long what waits now would take, ms */
  readonly waitingMs: number;
  stop(): Promise<void>;
}

/** More than twice what the replays of `bench policy` state: there a copy runs at twice the rate of a host for 8 % of it. */
const OTHERS_COST = 0.1;
/** how the name of the function that appends ends, in a call */
const APPEND = Buffer.from('_append\r\n');
/** what one connection may pass before the next has its turn, in bytes of appends */
const TURN = 2_048;
/** a timer is no finer */
const BURST_MS = 4;
const AHEAD_BYTES_MAX = 256_000;

interface Caller {
  readonly client: Socket;
  readonly server: Socket;
  waiting: Buffer[];
  waitingBytes: number;
  appends: boolean;
}

export async function throttledLine(targetPort: number): Promise<ThrottledLine> {
  const line = new Line(targetPort);
  const server = createServer({ noDelay: true }, (client) => line.accept(client));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    limit: (bytesPerSecond) => {
      line.bytesPerMs = bytesPerSecond / 1_000;
    },
    get appendBytes() {
      return line.appendBytes;
    },
    get waitingMs() {
      return line.waitingMs;
    },
    stop: () => {
      line.cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

class Line {
  bytesPerMs = Number.POSITIVE_INFINITY;
  appendBytes = 0;
  private readonly targetPort: number;
  private readonly callers = new Set<Caller>();
  /** those that wait, in the order of their turns */
  private turns: Caller[] = [];
  private freeAtMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(targetPort: number) {
    this.targetPort = targetPort;
  }

  get waitingMs(): number {
    let cost = 0;
    for (const caller of this.turns) cost += caller.waitingBytes * costOf(caller);
    return cost / this.bytesPerMs;
  }

  accept(client: Socket): void {
    const server = connect({ port: this.targetPort, host: '127.0.0.1', noDelay: true });
    const caller: Caller = { client, server, waiting: [], waitingBytes: 0, appends: false };
    this.callers.add(caller);
    client.on('data', (piece) => this.take(caller, piece));
    server.pipe(client);
    for (const socket of [client, server]) {
      socket.on('error', () => {});
      socket.on('close', () => this.forget(caller));
    }
  }

  cut(): void {
    clearTimeout(this.timer);
    for (const caller of this.callers) this.forget(caller);
  }

  private forget(caller: Caller): void {
    caller.client.destroy();
    caller.server.destroy();
    this.callers.delete(caller);
    this.turns = this.turns.filter((one) => one !== caller);
  }

  private take(caller: Caller, piece: Buffer): void {
    caller.appends ||= piece.includes(APPEND);
    if (caller.waitingBytes === 0) this.turns.push(caller);
    caller.waiting.push(piece);
    caller.waitingBytes += piece.length;
    if (caller.waitingBytes > AHEAD_BYTES_MAX) caller.client.pause();
    if (this.timer === undefined) this.serve();
  }

  private serve(): void {
    this.timer = undefined;
    const nowMs = performance.now();
    this.freeAtMs = Math.max(this.freeAtMs, nowMs - BURST_MS);
    while (this.turns.length > 0 && this.freeAtMs <= nowMs) {
      const caller = this.turns.shift()!;
      this.freeAtMs += (this.pass(caller) * costOf(caller)) / this.bytesPerMs;
      if (caller.waitingBytes > 0) this.turns.push(caller);
    }
    if (this.turns.length > 0) this.timer = setTimeout(() => this.serve(), this.freeAtMs - nowMs);
  }

  /** One turn; answers its bytes. */
  private pass(caller: Caller): number {
    let bytes = 0;
    for (const most = TURN / costOf(caller); bytes < most && caller.waiting.length > 0; ) {
      const piece = caller.waiting.shift()!;
      const part = piece.subarray(0, most - bytes);
      if (part.length < piece.length) caller.waiting.unshift(piece.subarray(part.length));
      caller.server.write(part);
      bytes += part.length;
    }
    caller.waitingBytes -= bytes;
    if (caller.appends) this.appendBytes += bytes;
    if (caller.waitingBytes <= AHEAD_BYTES_MAX / 2) caller.client.resume();
    return bytes;
  }
}

function costOf({ appends }: Caller): number {
  return appends ? 1 : OTHERS_COST;
}
