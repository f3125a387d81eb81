/**
 * A line to a server that a test holds in its hands. Bytes can be held back, slowed down, sent twice, or
 * lost with the connection, each way by itself. What was held goes on to the server when it is released,
 * also when its client has left meanwhile: that is how a call arrives long after everybody gave it up.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Way = 'toServer' | 'toClient';

export interface TcpProxy {
  readonly port: number;
  /** The same address by way of this proxy. */
  through(url: string): string;
  /** From now on pieces of this way wait, on every connection. */
  hold(way: Way): void;
  /** Lets go what waited and what comes. Resolves when the server has answered what was let go to it. */
  release(way: Way): Promise<void>;
  delay(way: Way, ms: number): void;
  /** Cuts a connection instead of passing on its n-th piece from now; 1 is the next one. */
  cutAtPiece(way: Way, n: number): void;
  /** How often a connection was cut by one of these limits. */
  readonly cuts: number;
  /** Passes on so many bytes more of this way, on all connections together, and cuts. */
  cutAfterBytes(way: Way, bytes: number): void;
  cut(): void;
  /** Whether new connections find the server. Those that are there are not touched. */
  admit(isOpen: boolean): void;
  /** New connections lead to this port: the address has another server behind it. */
  lead(port: number): void;
  /**
   * New connections send everything a second time, to a connection of its own whose answers nobody gets.
   * REQUIRES a server whose greeting can be repeated: a challenge (SCRAM) is not answered twice.
   */
  sendTwice(): void;
  stop(): Promise<void>;
}

/** What holds for one way, on every connection. */
interface Rule {
  cuts: number;
  held: boolean;
  delayMs: number;
  piecesLeft: number;
  bytesLeft: number;
}

export async function startTcpProxy(target: { readonly port: number }): Promise<TcpProxy> {
  const rules: Record<Way, Rule> = { toServer: untouched(), toClient: untouched() };
  const lines = new Set<Line>();
  let isOpen = true;
  let isTwice = false;
  let serverPort = target.port;
  const reach = () => connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
  const server = createServer({ noDelay: true }, (client) => {
    if (!isOpen) return client.resetAndDestroy();
    const line = new Line(client, reach(), isTwice ? reach() : undefined, rules);
    lines.add(line);
    line.onEnd = () => lines.delete(line);
  });
  const port = await listen(server);
  const cut = () => {
    for (const line of lines) line.cut();
  };
  return {
    port,
    through: (url) => {
      const address = new URL(url);
      address.port = String(port);
      return address.href;
    },
    hold: (way) => {
      rules[way].held = true;
    },
    release: async (way) => {
      rules[way].held = false;
      await Promise.all([...lines].map((line) => line.letGo(way)));
    },
    delay: (way, ms) => {
      rules[way].delayMs = ms;
    },
    cutAtPiece: (way, n) => {
      rules[way].piecesLeft = n - 1;
    },
    cutAfterBytes: (way, bytes) => {
      rules[way].bytesLeft = bytes;
    },
    get cuts() {
      return rules.toServer.cuts + rules.toClient.cuts;
    },
    cut,
    admit: (open) => {
      isOpen = open;
    },
    lead: (to) => {
      serverPort = to;
    },
    sendTwice: () => {
      isTwice = true;
    },
    stop: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function untouched(): Rule {
  return { cuts: 0, held: false, delayMs: 0, piecesLeft: Infinity, bytesLeft: Infinity };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

class Line {
  onEnd: () => void = () => {};
  private readonly client: Socket;
  private readonly server: Socket;
  private readonly second: Socket | undefined;
  private readonly rules: Record<Way, Rule>;
  private readonly waiting: Record<Way, Buffer[]> = { toServer: [], toClient: [] };
  /** pieces on their way, in order: the timers only tell when the next one arrives */
  private readonly flying: Record<Way, Buffer[]> = { toServer: [], toClient: [] };
  private clientHasLeft = false;

  constructor(client: Socket, server: Socket, second: Socket | undefined, rules: Record<Way, Rule>) {
    this.client = client;
    this.server = server;
    this.second = second;
    this.rules = rules;
    for (const socket of [client, server, second]) socket?.on('error', () => {});
    second?.resume();
    client.on('data', (piece) => this.take('toServer', piece));
    server.on('data', (piece) => this.take('toClient', piece));
    client.on('close', () => {
      this.clientHasLeft = true;
      if (this.waiting.toServer.length === 0) this.cut();
    });
    server.on('close', () => this.cut());
  }

  cut(): void {
    for (const socket of [this.client, this.server, this.second]) socket?.destroy();
    this.onEnd();
  }

  async letGo(way: Way): Promise<void> {
    const pieces = this.waiting[way].splice(0);
    if (pieces.length === 0) return;
    const answered = way === 'toServer' ? this.answered() : undefined;
    for (const piece of pieces) this.pass(way, piece);
    await answered;
    if (this.clientHasLeft) this.cut();
  }

  private answered(): Promise<void> {
    return new Promise((resolve) => {
      this.server.once('data', () => resolve());
      this.server.once('close', () => resolve());
    });
  }

  private take(way: Way, piece: Buffer): void {
    const rule = this.rules[way];
    if (rule.piecesLeft-- === 0) this.cutBy(rule);
    else if (rule.held) this.waiting[way].push(piece);
    else this.pass(way, piece);
  }

  private pass(way: Way, piece: Buffer): void {
    const { delayMs } = this.rules[way];
    this.flying[way].push(piece);
    if (delayMs > 0 || this.flying[way].length > 1) setTimeout(() => this.arrive(way), delayMs);
    else this.arrive(way);
  }

  private arrive(way: Way): void {
    const piece = this.flying[way].shift()!;
    const rule = this.rules[way];
    const bytes = piece.subarray(0, rule.bytesLeft);
    rule.bytesLeft -= piece.length;
    const to = way === 'toServer' ? this.server : this.client;
    to.write(bytes);
    if (way === 'toServer') this.second?.write(bytes);
    // what was passed on is sent before the end
    if (rule.bytesLeft < 0) to.end(() => this.cutBy(rule));
  }

  private cutBy(rule: Rule): void {
    rule.cuts++;
    this.cut();
  }
}
