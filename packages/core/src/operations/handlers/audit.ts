/** What is done for operations on the audit log. */
import type { AuditReader, AuditRecord, ChainState } from '../../audit/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { audit } from '../audit.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';

export interface AuditStores {
  readonly audit: AuditReader;
  /** undefined: no worker has told */
  readonly chainState: () => Promise<ChainState | undefined>;
}

const NOT_TOLD: ChainState = { head: null, unsealed: 0, verified: null, fault: null };

export function auditHandlers({ audit: log, chainState }: AuditStores): RouterHandlers<typeof audit> {
  return {
    async list({ from, to, cursor, limit, ...question }) {
      const found = await log.list({
        ...question,
        from: from === undefined ? undefined : new Date(from),
        to: to === undefined ? undefined : new Date(to),
        before: cursor,
        limit: limit + 1,
      });
      const shown = found.slice(0, limit);
      return {
        records: shown.map(recordDocument),
        next: found.length > limit ? (shown.at(-1)?.id ?? null) : null,
      };
    },
    async chain() {
      const { head, unsealed, verified, fault } = (await chainState()) ?? NOT_TOLD;
      return {
        head: head === null ? null : { ...head },
        unsealed,
        verified: verified === null ? null : { ...verified },
        fault,
      };
    },
    async show({ id }) {
      const found = await log.show(id);
      if (found === undefined)
        throw new ForeshardError('not_found', `The audit log has no row ${id}, or not any more.`, {
          pointer: '{id}',
        });
      return auditEntryDocument(found);
    },
  };
}

type EntryDocument = OutputOf<typeof audit.show>;

/** With what was changed: also a line of an export. */
export function auditEntryDocument(record: AuditRecord): EntryDocument {
  const { input, before, after } = record;
  const json = (value: unknown) => (value ?? null) as EntryDocument['input'];
  return { ...recordDocument(record), input: json(input), before: json(before), after: json(after) };
}

function recordDocument(record: AuditRecord): OutputOf<typeof audit.list>['records'][number] {
  const { id, at, endedAt, outcome, actorKind, actor, actorId, sessionId, address, surface } = record;
  const { operation, resource, target, requestId, reason, code, detail, seal } = record;
  return {
    ...{ id, at: at.toISOString(), endedAt: endedAt.toISOString(), outcome, actorKind, actor, actorId },
    ...{ session: sessionId ?? null, address, surface, operation, resource, target, requestId, reason },
    ...{ code: code ?? null, detail: detail ?? null, seal: seal ?? null },
  };
}
