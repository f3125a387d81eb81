/** Members of consumer groups over HTTP. They need the store of the groups: while it is away they answer 503, and appends go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { actorOf } from '@foreshard/core/access';
import {
  type Caller,
  GroupService,
  type GroupStore,
  isRefused,
  MEMBERS_MAX,
  type Poll,
  type Refused,
} from '@foreshard/core/consuming';
import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { ForeshardError } from '@foreshard/core/kernel';
import {
  type AnyOperation,
  consuming as consumingOperations,
  type InputOf,
} from '@foreshard/core/operations';
import type { Context } from 'hono';
import { z } from 'zod';
import { type Api, type ContractCall, endedMeanwhile, type Standing } from '../api/index.ts';
import { ByteBudget } from '../http/byte-budget.ts';
import { withJsonBody } from '../http/json-body.ts';
import { answeredInTime, isStoreAway } from '../http/reaching-store.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import { EVENT_STREAM_HEADERS } from '../reading/index.ts';
import { pollJson } from './batch-json.ts';
import { GroupDoor } from './group-door.ts';
import { groupStream } from './group-stream.ts';

interface ConsumingParts {
  readonly groups: GroupStore;
  readonly map: EdgeMap;
  readonly hosts: { get(hostId: number): Promise<EventHost> };
  readonly closing: AbortSignal;
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
  api.serve(consumingOperations.poll, (call) => routes.answer(routes.poll(call)));
  api.serve(consumingOperations.commit, (call) => routes.answer(routes.commit(call)));
  api.serve(consumingOperations.leave, (call) => routes.answer(routes.leave(call)));
  api.serve(consumingOperations.follow, (call) => routes.answer(routes.follow(call)));
}

class Routes {
  private readonly parts: ConsumingParts;
  private readonly door: GroupDoor;
  readonly service: GroupService;

  constructor(parts: ConsumingParts) {
    this.parts = parts;
    this.door = new GroupDoor(parts.groups, (id) => this.nameOf(id));
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

  async poll({ c, members: given, standing }: Called): Promise<Response> {
    const { group: name, member, limit, wait, after } = await inputOf(c, consumingOperations.poll, given);
    const mayGoOn = await this.door.opened(name, standing);
    const caller = { member, subject: subjectOf(standing) };
    const held = new Map(Object.entries(after).map(([shardlet, seq]) => [Number(shardlet), seq]));
    const deadline = Date.now() + wait;
    const { signal } = c.req.raw;
    for (;;) {
      const poll = allowed(name, caller, await this.service.poll(name, { ...caller, limit, after: held }));
      if (poll.batches.length > 0 || Date.now() >= deadline || signal.aborted || this.parts.closing.aborted)
        return c.body(pollJson(this.streamOf(poll), poll), 200, { 'content-type': 'application/json' });
      await sleep(Math.min(LOOK_PAUSE_MS, Math.max(1, deadline - Date.now())));
      if (!mayGoOn()) throw endedMeanwhile();
    }
  }

  async commit({ c, members: given, standing }: Called): Promise<Response> {
    const { group: name, ...request } = await inputOf(c, consumingOperations.commit, given);
    await this.door.opened(name, standing);
    const caller = { ...request, subject: subjectOf(standing) };
    const results = allowed(name, caller, await this.service.commit(name, caller));
    return c.json({ results }, results.some((r) => r.kind === 'fenced') ? 409 : 200);
  }

  async leave({ c, members: given, standing }: Called): Promise<Response> {
    const { group: name, member } = await inputOf(c, consumingOperations.leave, given);
    await this.door.opened(name, standing);
    const caller = { member, subject: subjectOf(standing) };
    const refused = await this.service.leave(name, caller);
    if (refused !== undefined) refuse(name, caller, refused);
    return c.body(null, 204);
  }

  async follow({
    members: { group: name, member },
    standing,
  }: ContractCall<typeof consumingOperations.follow>): Promise<Response> {
    const mayGoOn = await this.door.opened(name, standing);
    const caller = { member, subject: subjectOf(standing) };
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
        mayGoOn,
      },
      poll,
    );
    return new Response(body, { headers: EVENT_STREAM_HEADERS });
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

type Given = Readonly<Record<string, unknown>>;
type Called = Pick<ContractCall<AnyOperation>, 'c' | 'standing'> & { readonly members: Given };

/** A token by its name, so that a member goes on when its token is replaced by another of that name. */
function subjectOf({ principal }: Standing): string {
  return actorOf(principal);
}

/** What stands in the path, and the body. @throws ForeshardError body_too_large, malformed_body, invalid_parameter */
async function inputOf<O extends AnyOperation>(c: Context, { input }: O, given: Given): Promise<InputOf<O>> {
  const inBody = Object.entries(input.shape).filter(([name]) => !(name in given));
  const body = await bodyOf(c, z.strictObject(Object.fromEntries(inBody) as Record<string, z.ZodType>));
  return { ...given, ...body } as InputOf<O>;
}

/** @throws ForeshardError body_too_large, malformed_body, invalid_parameter */
async function bodyOf<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  const limits = { bytesMax: BODY_BYTES_MAX, budget: new ByteBudget(BODY_BYTES_MAX) };
  const body = await withJsonBody(c, limits, (parsed) => parsed);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map((issue) => ({
    pointer: issue.path.map((part) => `/${String(part)}`).join(''),
    detail: issue.message,
  }));
  const detail = places.map((place) => `${place.pointer || '/'}: ${place.detail}`).join('; ');
  throw new ForeshardError('invalid_parameter', detail, { places });
}
