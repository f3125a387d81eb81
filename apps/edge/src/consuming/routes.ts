/** Members of consumer groups over HTTP. They need the store of the groups: while it is away they answer 503, and appends go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Caller,
  commitSchema,
  GroupService,
  type GroupStore,
  isRefused,
  MEMBERS_MAX,
  type Poll,
  type Refused,
  tokenSubject,
} from '@foreshard/core/consuming';
import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { ForeshardError } from '@foreshard/core/kernel';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Api } from '../api/index.ts';
import { ByteBudget } from '../http/byte-budget.ts';
import { withJsonBody } from '../http/json-body.ts';
import { answeredInTime, isStoreAway } from '../http/reaching-store.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import { EVENT_STREAM_HEADERS } from '../reading/index.ts';
import { pollJson } from './batch-json.ts';
import { groupStream } from './group-stream.ts';
import * as operations from './operations.ts';
import { leaveSchema, pollSchema } from './schemas.ts';

interface ConsumingParts {
  readonly groups: GroupStore;
  readonly map: EdgeMap;
  readonly hosts: { get(hostId: number): Promise<EventHost> };
  readonly closing: AbortSignal;
  readonly mayConsume: (authorization: string | undefined) => boolean;
  /** the name of a token that is known */
  readonly tokenName: (authorization: string | undefined) => string | undefined;
}

/** 10,000 positions take less. */
const BODY_BYTES_MAX = 2_000_000;
const LOOK_PAUSE_MS = 250;
/** As for everything that PostgreSQL keeps. */
const STORE_RETRY_AFTER_SECONDS = 5;
const REFRESH_WITHIN_MS = 5_000;

export interface Consuming {
  mount(api: Api): void;
  /** what operations on groups need of it */
  readonly service: Pick<GroupService, 'create' | 'lag'>;
  /** Ends all waiting for events, and the streams. */
  close(): void;
}

export function consuming(parts: Omit<ConsumingParts, 'closing'>): Consuming {
  const closing = new AbortController();
  const routes = new Routes({ ...parts, closing: closing.signal });
  return {
    mount: (api) => mountRoutes(api, routes),
    service: routes.service,
    close: () => closing.abort(),
  };
}

function mountRoutes(api: Api, routes: Routes): void {
  api.mount(operations.pollGroup, ({ c, params }) => routes.answer(routes.poll(c, params.group)));
  api.mount(operations.commitGroup, ({ c, params }) => routes.answer(routes.commit(c, params.group)));
  api.mount(operations.leaveGroup, ({ c, params }) => routes.answer(routes.leave(c, params.group)));
  api.mount(operations.followGroup, ({ c, params, query }) =>
    routes.answer(routes.follow(c, params.group, query.member)),
  );
}

class Routes {
  private readonly parts: ConsumingParts;
  readonly service: GroupService;

  constructor(parts: ConsumingParts) {
    this.parts = parts;
    this.service = new GroupService({
      store: parts.groups,
      map: parts.map.topology,
      // a topology store that hangs would hold the client as long
      refresh: () => answeredInTime(parts.map.refresh(), REFRESH_WITHIN_MS),
      host: (id) => parts.hosts.get(id),
    });
  }

  async answer(reply: Promise<Response>): Promise<Response> {
    return reply.catch((error: Error) => {
      if (isStoreAway(error))
        throw new ForeshardError('store_unreachable', 'The store of the consumer groups does not answer.', {
          retryAfterSeconds: STORE_RETRY_AFTER_SECONDS,
          cause: error,
        });
      if (error instanceof HostUnreachable)
        throw new ForeshardError('host_unreachable', error.message, { retryAfterSeconds: 1, cause: error });
      throw error;
    });
  }

  async poll(c: Context, name: string): Promise<Response> {
    const { member, limit, wait, after } = await bodyOf(c, pollSchema);
    const caller = { member, subject: this.subjectOf(c) };
    const held = new Map(Object.entries(after).map(([shardlet, seq]) => [Number(shardlet), seq]));
    const deadline = Date.now() + wait;
    const { signal } = c.req.raw;
    for (;;) {
      const poll = allowed(name, caller, await this.service.poll(name, { ...caller, limit, after: held }));
      if (poll.batches.length > 0 || Date.now() >= deadline || signal.aborted || this.parts.closing.aborted)
        return c.body(pollJson(this.streamOf(poll), poll), 200, { 'content-type': 'application/json' });
      await sleep(Math.min(LOOK_PAUSE_MS, Math.max(1, deadline - Date.now())));
    }
  }

  async commit(c: Context, name: string): Promise<Response> {
    const request = await bodyOf(c, commitSchema);
    const caller = { ...request, subject: this.subjectOf(c) };
    const results = allowed(name, caller, await this.service.commit(name, caller));
    return c.json({ results }, results.some((r) => r.kind === 'fenced') ? 409 : 200);
  }

  async leave(c: Context, name: string): Promise<Response> {
    const { member } = await bodyOf(c, leaveSchema);
    const caller = { member, subject: this.subjectOf(c) };
    const refused = await this.service.leave(name, caller);
    if (refused !== undefined) refuse(name, caller, refused);
    return c.body(null, 204);
  }

  async follow(c: Context, name: string, member: string): Promise<Response> {
    const authorization = c.req.header('authorization');
    const caller = { member, subject: this.subjectOf(c) };
    const first = await this.service.poll(name, { ...caller, limit: 1, after: new Map() });
    const poll = allowed(name, caller, first);
    const { group } = (await this.parts.groups.find(name)) ?? unknown(name);
    const body = groupStream(
      {
        service: this.service,
        group: name,
        caller,
        stream: this.nameOf(group.stream) ?? '',
        closing: this.parts.closing,
        mayGoOn: () => this.parts.mayConsume(authorization),
      },
      poll,
    );
    return new Response(body, { headers: EVENT_STREAM_HEADERS });
  }

  private subjectOf(c: Context): string {
    return tokenSubject(this.parts.tokenName(c.req.header('authorization')) ?? '');
  }

  private streamOf({ batches }: Poll): string {
    return this.nameOf(batches[0]?.shardlet.stream ?? 0) ?? '';
  }

  private nameOf(stream: number): string | undefined {
    return this.parts.map.topology.stream(stream)?.name;
  }
}

function allowed<T extends object>(name: string, caller: Caller, reply: T | Refused): T {
  return isRefused(reply) ? refuse(name, caller, reply) : reply;
}

/** @throws ForeshardError unknown_group, foreign_member, limit_reached */
function refuse(name: string, { member, subject }: Caller, { refused }: Refused): never {
  if (refused === 'unknown') return unknown(name);
  if (refused === 'foreign')
    throw new ForeshardError(
      'foreign_member',
      `The member "${member}" of the group "${name}" belongs to another token than ${subject}.`,
    );
  throw new ForeshardError(
    'limit_reached',
    `The group "${name}" has ${MEMBERS_MAX} members, so "${member}" cannot join. A member that ends, or is silent for a session, makes room.`,
  );
}

function unknown(name: string): never {
  throw new ForeshardError('unknown_group', `There is no group "${name}".`);
}

/** @throws ForeshardError body_too_large, malformed_body, invalid_parameter */
async function bodyOf<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  const limits = { bytesMax: BODY_BYTES_MAX, budget: new ByteBudget(BODY_BYTES_MAX) };
  const given = await withJsonBody(c, limits, (body) => body);
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map((issue) => ({
    pointer: issue.path.map((part) => `/${String(part)}`).join(''),
    detail: issue.message,
  }));
  const detail = places.map((place) => `${place.pointer || '/'}: ${place.detail}`).join('; ');
  throw new ForeshardError('invalid_parameter', detail, { places });
}
