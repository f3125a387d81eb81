/**
 * One connection to a host, always to the same run of the same server. Every connection begins with INFO
 * alone: only when the run id is the expected one does any other command follow. After a loss it dials
 * again by itself; a server that has restarted meanwhile is another incarnation, and from then on every
 * call is refused until a new handle is made with the incarnation that readmission published. So it is with
 * a host in another generation. A host that went back to an older state in the same run is refused by the
 * watch over its progress, and only until that lets it go on.
 *
 * ioredis must not help: its queue and its resending would put commands before that check.
 */
import { Redis } from 'ioredis';
import { HostUnreachable, type Progress, type ProgressWatch } from '../../hosts/index.ts';
import { functionLibrary, loadFunctionLibrary } from './function-library.ts';
import { insistOnSuitable, readServerFacts, type ServerFacts } from './server-facts.ts';
import { type Argument, WireCommand } from './wire-command.ts';

export interface RedisHostOptions {
  readonly url: string;
  /** the run id that the topology store knows; undefined: any, for who identifies or readmits */
  readonly expectedIncarnation: string | undefined;
  readonly callTimeoutMs?: number;
  /** judges every answer; undefined: none is judged */
  readonly watch?: ProgressWatch | undefined;
}

export interface Answer {
  readonly progress: Progress;
  /** bulk strings are Buffers */
  readonly reply: unknown;
}

/** The host has no memory left; the call changed nothing. */
export const OUT_OF_MEMORY: unique symbol = Symbol('out of memory');

/** Far above the slowest call (a digest of a large shardlet): beyond it the connection is taken for dead. */
const CALL_TIMEOUT_DEFAULT_MS = 10_000;
const REDIAL_FIRST_MS = 50;
const REDIAL_MAX_MS = 2_000;

/** Refusals of a whole server, before it looks at the function: the call was not carried out. */
const NOT_SERVING = /^(MISCONF|LOADING|READONLY|MASTERDOWN|NOREPLICAS|BUSY|NOAUTH)|Function not found/;

export class RedisConnection {
  private readonly options: RedisHostOptions;
  private readonly callTimeoutMs: number;
  private readonly library = functionLibrary();
  private client: Redis | undefined;
  private serverFacts: ServerFacts | undefined;
  /** why there is no client; once it is `incarnation` or closed, there will never be one again */
  private refusal = new HostUnreachable('connection', 'not connected yet');
  private closed = false;
  private redialTimer: NodeJS.Timeout | undefined;

  private constructor(options: RedisHostOptions) {
    this.options = options;
    this.callTimeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_DEFAULT_MS;
  }

  /** @throws HostUnreachable, or UnsuitableServer when this server must not be a host */
  static async open(options: RedisHostOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    await connection.dial();
    return connection;
  }

  /** The server as it was when this connection began. */
  get facts(): ServerFacts {
    if (this.serverFacts === undefined) throw this.refusal;
    return this.serverFacts;
  }

  /** @throws HostUnreachable also when the answer proves that the host lost something: it may be wrong */
  async fcall(name: string, args: readonly Argument[]): Promise<Answer | typeof OUT_OF_MEMORY> {
    const { watch } = this.options;
    watch?.insistOnProgress();
    const [client, seen] = [this.client, watch?.seen ?? 0];
    const answer = await this.send('FCALL', [`${this.library.name}_${name}`, 0, ...args], null);
    if (answer === OUT_OF_MEMORY) return OUT_OF_MEMORY;
    const [generation, count, own, reply] = answer as [number, number, number, unknown];
    const progress = { generation, count };
    try {
      watch?.judge(seen, progress, own);
    } catch (error) {
      if (client !== undefined && (error as HostUnreachable).reason === 'incarnation')
        this.lose(client, error as HostUnreachable);
      throw error;
    }
    return { progress, reply };
  }

  info(section: string): Promise<string> {
    return this.send('INFO', [section], 'utf8') as Promise<string>;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.redialTimer);
    this.refusal = new HostUnreachable('connection', 'the handle of this host was closed');
    this.client?.disconnect();
    this.client = undefined;
  }

  private async send(name: string, args: readonly Argument[], encoding: 'utf8' | null): Promise<unknown> {
    const client = this.client;
    if (client === undefined) throw this.refusal;
    const command = new WireCommand(name, args, encoding);
    const timer = setTimeout(() => this.giveUp(client), this.callTimeoutMs);
    try {
      return await client.sendCommand(command);
    } catch (error) {
      return this.failure(client, error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A connection that answers too late may be dead: nothing of it is waited for any longer. */
  private giveUp(client: Redis): void {
    this.lose(client, this.tooLate());
  }

  private tooLate(): HostUnreachable {
    return new HostUnreachable('timeout', `no answer within ${this.callTimeoutMs} ms`);
  }

  private failure(client: Redis, error: Error): typeof OUT_OF_MEMORY {
    if (error.message.startsWith('OOM')) return OUT_OF_MEMORY;
    const isReply = error.name === 'ReplyError';
    if (isReply && !NOT_SERVING.test(error.message)) throw error;
    const cause = { cause: error };
    if (client === this.client)
      this.lose(
        client,
        new HostUnreachable('connection', `the host does not serve: ${error.message}`, cause),
      );
    throw new HostUnreachable(this.refusal.reason, this.refusal.message, cause);
  }

  private lose(client: Redis, refusal: HostUnreachable): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.refusal = refusal;
    client.disconnect();
    this.redialAfter(REDIAL_FIRST_MS);
  }

  private redialAfter(delayMs: number): void {
    if (this.closed || this.refusal.reason === 'incarnation') return;
    this.redialTimer = setTimeout(() => {
      this.dial().catch((error: Error) => {
        this.refusal =
          error instanceof HostUnreachable
            ? error
            : new HostUnreachable('connection', error.message, { cause: error });
        this.redialAfter(Math.min(delayMs * 2, REDIAL_MAX_MS));
      });
    }, delayMs);
  }

  private async dial(): Promise<void> {
    const client = newClient(this.options.url, this.callTimeoutMs);
    let late = false;
    const timer = setTimeout(() => {
      late = true; // a stopped server still accepts connections
      client.disconnect();
    }, this.callTimeoutMs);
    try {
      await client.connect();
      this.adopt(client, await this.greet(client));
    } catch (error) {
      client.disconnect();
      throw late ? this.tooLate() : asUnreachable(error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  private adopt(client: Redis, facts: ServerFacts): void {
    if (this.closed) throw this.refusal;
    client.once('close', () => this.lose(client, new HostUnreachable('connection', 'the connection broke')));
    this.serverFacts = facts;
    this.client = client;
  }

  private async greet(client: Redis): Promise<ServerFacts> {
    const facts = await readServerFacts(client);
    const { expectedIncarnation } = this.options;
    if (expectedIncarnation !== undefined && facts.runId !== expectedIncarnation)
      throw new HostUnreachable(
        'incarnation',
        `the host runs as ${facts.runId}, not as ${expectedIncarnation}: it has restarted and waits for readmission`,
      );
    if (facts.isLoading) throw new HostUnreachable('connection', 'the host still reads its data from disk');
    await insistOnSuitable(client, facts);
    await loadFunctionLibrary(client, this.library);
    return facts;
  }
}

function newClient(url: string, timeoutMs: number): Redis {
  const client = new Redis(url, {
    lazyConnect: true,
    protocol: 2,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: timeoutMs,
  });
  client.on('error', () => {}); // every failed command tells its own error; without a listener ioredis prints it
  return client;
}

function asUnreachable(error: Error): Error {
  if (error instanceof HostUnreachable || error.name === 'UnsuitableServer') return error;
  return new HostUnreachable('connection', error.message, { cause: error });
}
