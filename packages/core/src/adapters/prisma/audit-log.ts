/** The audit log on PostgreSQL. Rows are inserted alone, each in a transaction of its own: it is durable before an answer. */
import { actorOf, type PrincipalKind } from '../../access/index.ts';
import {
  type AuditEntry,
  type AuditOutcome,
  type AuditQuestion,
  type AuditReader,
  type AuditRecord,
  type AuditResult,
  type AuditSurface,
  type AuditWriter,
  type EffectProof,
  type OpenOrder,
  type OpenOrders,
  UNDER_WAY_MS_MAX,
} from '../../audit/index.ts';
import { Prisma, type PrismaClient, reaching } from './client.ts';
import { forOrder } from './order-effects.ts';

/** Whoever gives an order waits for it; nothing else ends a query to a server that hangs. */
const PATIENCE_MS = 5_000;
const LOST = 'Its process or the database was lost';
/** Of an order that is neither in the topology nor in PostgreSQL, or lost before it changed anything. */
const UNKNOWN = `${LOST}, and no change names it: it was not carried out, or changed what names no order (jobs, events, load).`;

export class PrismaAuditLog implements AuditWriter, AuditReader, OpenOrders {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  started(entry: AuditEntry): Promise<string> {
    return this.insert('started', entry, { input: entry.input });
  }

  during<T>(id: string, work: () => Promise<T>): Promise<T> {
    return forOrder(id, work);
  }

  async completed(startedId: string, entry: AuditEntry, result: AuditResult): Promise<void> {
    const { outcome, ...rest } = result;
    await this.insert(outcome, entry, { startedId, ...rest });
  }

  async denied(entry: AuditEntry, code: string, detail: string): Promise<void> {
    await this.insert('denied', entry, { input: entry.input, code, detail });
  }

  async done(entry: AuditEntry): Promise<void> {
    await this.insert('done', entry, { input: entry.input });
  }

  async list({ before, limit, ...question }: AuditQuestion): Promise<AuditRecord[]> {
    const page = before === undefined ? [] : [Prisma.sql`r.id < ${before}::bigint`];
    const where = Prisma.join([LAST_ROWS, ...page, ...conditionsOf(question)], ' AND ');
    return this.read(Prisma.sql`WHERE ${where} ORDER BY r.id DESC LIMIT ${limit}`);
  }

  async show(id: string): Promise<AuditRecord | undefined> {
    const found = await this.read(Prisma.sql`
      WHERE r.id = ${id}::bigint OR r.started_id = ${id}::bigint ORDER BY r.id DESC LIMIT 1`);
    return found[0];
  }

  openBetween(from: Date, to: Date, limit: number): Promise<readonly OpenOrder[]> {
    return this.reaching(
      () => this.prisma.$queryRaw<OpenOrder[]>`
        SELECT r.id::text, r.at, f.at AS "changedAt" FROM audit_row r LEFT JOIN audit_effect f ON f.row_id = r.id
        WHERE r.at >= ${from}::timestamptz AND r.at < ${to}::timestamptz AND r.outcome = 'started'
          AND NOT EXISTS (SELECT 1 FROM audit_row e WHERE e.started_id = r.id)
        ORDER BY r.at, r.id LIMIT ${limit}`,
    );
  }

  async carriedOut(id: string, proof: EffectProof): Promise<void> {
    const where =
      proof.kind === 'topology'
        ? `Version ${proof.version} of the topology`
        : `A change in PostgreSQL at ${proof.at.toISOString()}`;
    const detail = `${where} names it. ${LOST} before its end was recorded.`;
    const after = jsonOf(
      proof.kind === 'topology' ? { topologyVersion: proof.version } : { changedAt: proof.at },
    );
    await this.reaching(
      () => this.prisma.$executeRaw`
        INSERT INTO audit_row (outcome, started_id, actor_kind, actor_id, actor, session_id, address, surface,
          operation, resource, target, request_id, reason, detail, after)
        SELECT 'carried out', id, actor_kind, actor_id, actor, session_id, address, surface, operation, resource,
          target, request_id, reason, ${detail}, ${after}::jsonb
        FROM audit_row WHERE id = ${id}::bigint AND outcome = 'started'
        ON CONFLICT (started_id) DO NOTHING`,
    );
  }

  /** @returns how many */
  forgetEffects(before: Date): Promise<number> {
    return this.reaching(
      () => this.prisma.$executeRaw`DELETE FROM audit_effect WHERE at < ${before}::timestamptz`,
    );
  }

  private async insert(outcome: string, entry: AuditEntry, rest: RowRest): Promise<string> {
    const { principal, origin, operation, resource, target, reason } = entry;
    const { startedId = null, input, code = null, detail = null, before, after } = rest;
    const [row] = await this.reaching(
      () => this.prisma.$queryRaw<{ id: string }[]>`
        INSERT INTO audit_row (outcome, started_id, actor_kind, actor_id, actor, session_id, address, surface,
          operation, resource, target, request_id, reason, input, code, detail, before, after)
        VALUES (${outcome}, ${startedId}::bigint, ${principal.kind}, ${principal.id}, ${actorOf(principal)},
          ${origin.sessionId ?? null}, ${origin.address}, ${origin.surface}, ${operation}, ${resource},
          ${target}, ${origin.requestId}, ${reason}, ${jsonOf(input)}::jsonb, ${code}, ${detail},
          ${jsonOf(before)}::jsonb, ${jsonOf(after)}::jsonb)
        RETURNING id::text`,
    );
    return row!.id;
  }

  private async read(rest: Prisma.Sql): Promise<AuditRecord[]> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<Row[]>`
        SELECT r.id::text, r.started_id::text, coalesce(b.at, r.at) AS at, r.at AS ended_at,
          ${OUTCOME} AS outcome, r.actor_kind, r.actor_id, r.actor, r.session_id, r.address, r.surface,
          r.operation, r.resource, r.target, r.request_id, r.reason, coalesce(b.input, r.input) AS input,
          r.code, r.detail, r.before, r.after, s.number::text AS seal
        FROM audit_row r LEFT JOIN audit_row b ON b.id = r.started_id LEFT JOIN audit_seal s ON s.row_id = r.id
        ${rest}`,
    );
    return rows.map(recordOf);
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query, PATIENCE_MS);
  }
}

interface RowRest extends Partial<Omit<AuditResult, 'outcome'>> {
  readonly startedId?: string;
  readonly input?: unknown;
}

interface Row {
  readonly id: string;
  readonly started_id: string | null;
  readonly at: Date;
  readonly ended_at: Date;
  readonly outcome: string;
  readonly actor_kind: string;
  readonly actor_id: string;
  readonly actor: string;
  readonly session_id: string | null;
  readonly address: string;
  readonly surface: string;
  readonly operation: string;
  readonly resource: string;
  readonly target: string;
  readonly request_id: string;
  readonly reason: string;
  readonly input: unknown;
  readonly code: string | null;
  readonly detail: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly seal: string | null;
}

/** A row that was started stands for an order as long as it has no end. */
const LAST_ROWS = Prisma.sql`(r.outcome <> 'started' OR NOT EXISTS (SELECT 1 FROM audit_row e WHERE e.started_id = r.id))`;
const OUTCOME = Prisma.sql`CASE WHEN r.outcome <> 'started' THEN r.outcome
  WHEN r.at > now() - ${UNDER_WAY_MS_MAX}::double precision * interval '1 millisecond' THEN 'under way' ELSE 'unknown' END`;

function conditionsOf(question: Omit<AuditQuestion, 'before' | 'limit'>): Prisma.Sql[] {
  const { actor, operation, resource, outcome, from, to, text } = question;
  const pattern = `%${(text ?? '').replaceAll(/[\\%_]/g, '\\$&')}%`;
  return [
    ...(actor === undefined ? [] : [Prisma.sql`r.actor = ${actor}`]),
    ...(operation === undefined ? [] : [Prisma.sql`r.operation = ${operation}`]),
    ...(resource === undefined ? [] : [Prisma.sql`r.resource = ${resource}`]),
    ...(outcome === undefined ? [] : [Prisma.sql`${OUTCOME} = ${outcome}`]),
    ...(from === undefined ? [] : [Prisma.sql`r.at >= ${from}::timestamptz`]),
    ...(to === undefined ? [] : [Prisma.sql`r.at < ${to}::timestamptz`]),
    ...(text === undefined
      ? []
      : [
          Prisma.sql`concat_ws(' ', r.actor, r.operation, r.resource, r.target, r.reason, r.address, r.request_id,
            r.code, r.detail, coalesce(b.input, r.input)::text, r.before::text, r.after::text) ILIKE ${pattern}`,
        ]),
  ];
}

function recordOf({
  actor_kind,
  actor_id,
  session_id,
  request_id,
  started_id,
  ended_at,
  ...row
}: Row): AuditRecord {
  return {
    ...{ ...row, actorId: actor_id, requestId: request_id, endedAt: ended_at },
    actorKind: actor_kind as PrincipalKind,
    outcome: row.outcome as AuditOutcome,
    surface: row.surface as AuditSurface,
    startedId: started_id ?? undefined,
    sessionId: session_id ?? undefined,
    code: row.code ?? undefined,
    detail: row.detail ?? (row.outcome === 'unknown' ? UNKNOWN : undefined),
    seal: row.seal === null ? undefined : Number(row.seal),
  };
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
