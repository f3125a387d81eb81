/** What is done for operations on quotas. */
import { ForeshardError } from '../../kernel/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { quotas } from '../quotas.ts';
import type { QuotaStore, StoredQuota } from './quota-store.ts';
import { streamNamed } from './streams.ts';
import type { ApiToken, TokenStore } from './tokens.ts';

export interface QuotaStores {
  readonly quotas: QuotaStore;
  readonly tokens: Pick<TokenStore, 'list'>;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
}

type QuotaDocument = OutputOf<typeof quotas.set>;

export function quotaHandlers({
  quotas: store,
  tokens,
  topology,
}: QuotaStores): RouterHandlers<typeof quotas> {
  /** @throws ForeshardError */
  async function subjectOf(scope: StoredQuota['scope'], given: string): Promise<Subject> {
    if (scope === 'token') return tokenNamed(await tokens.list(), given);
    const { name } = streamNamed(await topology.snapshot(), given, '{subject}');
    return { subject: name, name };
  }

  async function quotaOf(scope: StoredQuota['scope'], subject: string): Promise<StoredQuota | undefined> {
    return (await store.list()).find((one) => one.scope === scope && one.subject === subject);
  }

  return {
    async list() {
      const [own, all, { streams }] = await Promise.all([store.list(), tokens.list(), topology.snapshot()]);
      const names = {
        token: new Map(all.map(({ id, name }) => [id, name])),
        stream: new Map(streams.map(({ name }) => [name, name])),
      };
      return { quotas: own.map((quota) => documentOf(quota, names[quota.scope].get(quota.subject) ?? null)) };
    },
    async set({ scope, subject: given, eventsPerSecond, bytesPerSecond }, { note }) {
      if (eventsPerSecond === undefined && bytesPerSecond === undefined)
        throw new ForeshardError('invalid_order', 'Name at least one of eventsPerSecond and bytesPerSecond.');
      const { subject, name } = await subjectOf(scope, given);
      const quota = { scope, subject, eventsPerSecond, bytesPerSecond };
      const before = await quotaOf(scope, subject);
      await store.set(quota);
      const after = documentOf(quota, name);
      note?.({ before: before && documentOf(before, name), after });
      return after;
    },
    async remove({ scope, subject: given }, { note }) {
      const subject = scope === 'stream' ? given : idOf(await tokens.list(), given);
      const before = await quotaOf(scope, subject);
      if (!(await store.remove(scope, subject)))
        throw new ForeshardError('unknown_quota', `The ${scope} ${given} has no quota of its own.`, {
          pointer: '{subject}',
        });
      note?.({ before: before && documentOf(before, null), after: null });
      return { scope, subject, result: 'removed' };
    },
  };
}

interface Subject {
  readonly subject: string;
  readonly name: string;
}

/** @throws ForeshardError unknown_token, invalid_order */
function tokenNamed(all: readonly ApiToken[], given: string): Subject {
  const found = named(all, given);
  if (found.length === 1) return { subject: found[0]!.id, name: found[0]!.name };
  if (found.length === 0)
    throw new ForeshardError('unknown_token', `There is no active token ${given}.`, { pointer: '{subject}' });
  throw several(given);
}

/** The id that a quota was set for: also of a token that was revoked, and of one that is not known. */
function idOf(all: readonly ApiToken[], given: string): string {
  const found = named(all, given);
  if (found.length > 1) throw several(given);
  return found[0]?.id ?? given;
}

function named(all: readonly ApiToken[], given: string): readonly ApiToken[] {
  return all.filter(({ id, name, revokedAt }) => revokedAt === undefined && (id === given || name === given));
}

function several(given: string): ForeshardError {
  return new ForeshardError('invalid_order', `Several tokens are called ${given}: give the id.`, {
    pointer: '{subject}',
  });
}

function documentOf(
  { scope, subject, eventsPerSecond, bytesPerSecond }: StoredQuota,
  name: string | null,
): QuotaDocument {
  return {
    ...{ scope, subject, name },
    eventsPerSecond: eventsPerSecond ?? null,
    bytesPerSecond: bytesPerSecond ?? null,
  };
}
