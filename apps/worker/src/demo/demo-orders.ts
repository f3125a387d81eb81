/**
 * What the demo has done to the cluster, as the person who started it: the operations of the table, judged by that person's
 * permissions and in the audit log like all others.
 */
import { randomUUID } from 'node:crypto';
import type { Principal } from '@foreshard/core/access';
import type { AuditWriter } from '@foreshard/core/audit';
import { DEMO_STREAM, type DemoStore, SHARDLETS_A_HOST } from '@foreshard/core/demo';
import { callerOf, migrations, streams } from '@foreshard/core/operations';
import {
  migrationHandlers,
  OperationRunner,
  type StreamStores,
  streamHandlers,
  type TokenStore,
} from '@foreshard/core/operations/handlers';
import type { Logger } from 'pino';

export interface DemoOrdersParts extends Omit<StreamStores, 'nowMs'> {
  readonly tokens: Pick<TokenStore, 'create' | 'revoke'>;
  readonly demo: Pick<DemoStore, 'noteToken'>;
  readonly audit: AuditWriter;
  readonly log: Logger;
  readonly nowMs: () => number;
}

/** Of a worker that was killed, and of whom no other cleans up. */
const TOKEN_LIFETIME_MS = 15 * 60_000;
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/**
 * Of each move, as an operator would limit it on hosts with work to do: so that it takes a quarter of an hour of the made-up
 * day, as a move of gigabytes does.
 */
const COPY_SECONDS = 3;
export const FILLED_BYTES_OF_SHARDLET = 1_200_000;
const COPY_BYTES_PER_SECOND = FILLED_BYTES_OF_SHARDLET / COPY_SECONDS;
const TABLE = { streams, migrations } as const;
const ORIGIN = { surface: 'worker', address: '' } as const;

export class DemoOrders {
  private readonly parts: DemoOrdersParts;
  private readonly principal: Principal;
  private readonly runner: OperationRunner<typeof TABLE>;

  constructor(parts: DemoOrdersParts, principal: Principal) {
    this.parts = parts;
    this.principal = principal;
    this.runner = new OperationRunner({
      table: TABLE,
      handlers: { streams: streamHandlers(parts), migrations: migrationHandlers(parts) },
      ...{ audit: parts.audit, nowMs: parts.nowMs },
      warn: (message, error) => parts.log.warn({ err: error }, message),
    });
  }

  /** So many shardlets on each host. */
  async createStream(hosts: number): Promise<void> {
    const input = { name: DEMO_STREAM, shardCount: hosts * SHARDLETS_A_HOST };
    await this.runner.run(streams.create, streams.create.input.parse(input), this.caller());
  }

  async deleteStream(): Promise<void> {
    await this.runner.run(streams.delete, { stream: DEMO_STREAM }, this.caller());
  }

  /** Answers those that move. */
  async move(shardlets: readonly number[], to: number, reason: string): Promise<number[]> {
    const order = { shardlets: [...shardlets], to, reason, bytesPerSecondMax: COPY_BYTES_PER_SECOND };
    const { results } = await this.runner.run(migrations.start, order, this.caller());
    return results.flatMap(({ shardlet, result }) => (result === 'moving' ? [shardlet] : []));
  }

  async abortMove(migration: number): Promise<void> {
    await this.runner.run(migrations.abort, { migration, reason: 'the demo ends' }, this.caller());
  }

  /** To append to its stream, from this machine, for some minutes. */
  async makeToken(): Promise<string> {
    const { token, plaintext } = await this.parts.tokens.create({
      ...{
        name: 'demo',
        scopes: ['events:write'],
        scope: { streams: [{ name: DEMO_STREAM }] },
        cidrs: LOOPBACK,
      },
      ownerId: this.principal.kind === 'person' ? this.principal.id : undefined,
      expiresAt: new Date(this.parts.nowMs() + TOKEN_LIFETIME_MS),
    });
    await this.parts.demo.noteToken(token.id);
    return plaintext;
  }

  async revokeToken(id: string): Promise<void> {
    await this.parts.tokens.revoke(id);
    await this.parts.demo.noteToken(null);
  }

  private caller() {
    return callerOf(this.principal, { ...ORIGIN, requestId: randomUUID() });
  }
}
