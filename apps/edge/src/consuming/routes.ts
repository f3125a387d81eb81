/** Members of consumer groups over HTTP. They need the store of the groups: while it is away they answer 503, and appends go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DueRecords } from '@foreshard/core/checkpointing';
import {
  type Caller,
  DeadLetters,
  GroupService,
  type GroupStore,
  type HostPromises,
  isRefused,
  MEMBERS_MAX,
  type Poll,
  type Refused,
  type ServiceTime,
  type ShardletHeads,
  type ShardletReads,
  type WrongPosition,
} from '@foreshard/core/consuming';
import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { ForeshardError } from '@foreshard/core/kernel';
import { consuming as consumingOperations } from '@foreshard/core/operations';
import type { TopologyStore } from '@foreshard/core/topology';
import { type Api, type ContractCall, endedMeanwhile } from '../api/index.ts';
import { WatchedHosts } from '../hosts/watched-hosts.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { answeredInTime, isStoreAway } from '../http/reaching-store.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import { EVENT_STREAM_HEADERS } from '../reading/index.ts';
import { pollJson } from './batch-json.ts';
import { GroupDoor } from './group-door.ts';
import { groupStream } from './group-stream.ts';
import { type Called, inputOf, subjectOf } from './request-input.ts';
import { StateRoutes, type StateStores } from './state-routes.ts';

interface ConsumingParts {
  readonly groups: GroupStore;
  readonly map: EdgeMap;
  readonly hosts: { get(hostId: number): Promise<EventHost> };
  readonly heads: ShardletHeads;
  readonly reads: ShardletReads;
  readonly promises: HostPromises;
  readonly time: ServiceTime;
  /** where the caches of a member are warm; undefined while that is not known */
  preferredEdge(group: string, member: string): string | undefined;
  /** a member was answered */
  polled(group: string, member: string, poll: Poll): void;
  /** where a stream for dead letters is made */
  readonly topology: Pick<TopologyStore, 'decide'>;
  readonly wake: (job: 'reconcile') => Promise<unknown>;
  readonly actor: string;
  /** where the state of groups is kept */
  readonly state: StateStores & { readonly due: Pick<DueRecords, 'recent'> };
  /** of contents of checkpoints on their way */
  readonly budget: ByteBudget;
  readonly closing: AbortSignal;
}

/** As for everything that PostgreSQL keeps. */
const STORE_RETRY_AFTER_SECONDS = 5;
const REFRESH_WITHIN_MS = 5_000;

export interface Consuming {
  mount(api: Api): void;
  /** what operations on groups need of it */
  readonly service: Pick<GroupService, 'create' | 'lagsOf' | 'ends'>;
  readonly letters: DeadLetters;
  readonly upkeep: StateRoutes['upkeep'];
  readonly drill: StateRoutes['drill'];
  /** Ends all waiting for events, and the streams. */
  close(): void;
}

export function consuming(parts: Omit<ConsumingParts, 'closing'>): Consuming {
  const closing = new AbortController();
  const routes = new Routes({ ...parts, closing: closing.signal });
  return {
    mount: (api) => mountRoutes(api, routes),
    service: routes.service,
    letters: routes.letters,
    ...{ upkeep: routes.state.upkeep, drill: routes.state.drill },
    close: () => closing.abort(),
  };
}

function mountRoutes(api: Api, routes: Routes): void {
  api.serve(consumingOperations.poll, (call) => routes.answer(routes.poll(call)));
  api.serve(consumingOperations.commit, (call) => routes.answer(routes.commit(call)));
  api.serve(consumingOperations.report, (call) => routes.answer(routes.report(call)));
  api.serve(consumingOperations.leave, (call) => routes.answer(routes.leave(call)));
  api.serve(consumingOperations.follow, (call) => routes.answer(routes.follow(call)));
  routes.state.mount(api, (reply) => routes.answer(reply));
}

class Routes {
  private readonly parts: ConsumingParts;
  private readonly door: GroupDoor;
  private readonly hosts: WatchedHosts;
  readonly service: GroupService;
  readonly letters: DeadLetters;
  readonly state: StateRoutes;

  constructor(parts: ConsumingParts) {
    this.parts = parts;
    this.hosts = new WatchedHosts(parts.hosts);
    this.door = new GroupDoor(parts.groups, (id) => this.nameOf(id));
    // a topology store that hangs would hold the client as long
    const refresh = () => answeredInTime(parts.map.refresh(), REFRESH_WITHIN_MS);
    this.state = new StateRoutes({ ...parts, hosts: this.hosts, refresh }, this.door);
    this.service = new GroupService({
      store: parts.groups,
      map: parts.map.topology,
      refresh,
      host: (id) => this.hosts.get(id),
      heads: parts.heads,
      reads: parts.reads,
      promises: parts.promises,
      due: parts.state.due,
      ...parts.time,
    });
    this.letters = new DeadLetters({
      ...{ groups: parts.groups, map: parts.map.topology, topology: parts.topology, actor: parts.actor },
      ...{ nowMs: Date.now, sleep: (ms) => sleep(ms) },
      wake: async () => void (await parts.wake('reconcile')),
      refresh,
      host: (id) => this.hosts.get(id),
    });
  }

  async answer(reply: Promise<Response>): Promise<Response> {
    return reply.catch((error: Error) => {
      if (isStoreAway(error))
        throw new ForeshardError(
          'store_unreachable',
          'The store of the consumer groups, or that of their checkpoints, does not answer.',
          {
            retryAfterSeconds: STORE_RETRY_AFTER_SECONDS,
            cause: error,
          },
        );
      if (error instanceof HostUnreachable)
        throw new ForeshardError('host_unreachable', error.message, {
          retryAfterSeconds: this.hosts.retryAfterSeconds(error),
          cause: error,
        });
      throw error;
    });
  }

  async poll({ c, members: given, standing }: Called): Promise<Response> {
    const { group: name, after, wait, ...asked } = await inputOf(c, consumingOperations.poll, given);
    const mayGoOn = await this.door.opened(name, standing);
    const caller = { member: asked.member, subject: subjectOf(standing) };
    const reply = await this.service.poll(name, {
      ...{ ...asked, ...caller, waitMs: wait, goesOn: mayGoOn },
      after: new Map(Object.entries(after).map(([shardlet, held]) => [Number(shardlet), held])),
      signal: AbortSignal.any([c.req.raw.signal, this.parts.closing]),
    });
    const poll = allowed(name, caller, reply);
    if (!mayGoOn()) throw endedMeanwhile();
    this.parts.polled(name, asked.member, poll);
    const json = pollJson(this.nameOf(poll.stream) ?? '', poll, {
      known: asked.version,
      waitingFor: poll.waitingFor.map((host) => this.hostNamed(host)),
      preferredEdge: this.parts.preferredEdge(name, asked.member),
    });
    return c.body(json, 200, { 'content-type': 'application/json' });
  }

  async commit({ c, members: given, standing }: Called): Promise<Response> {
    const { group: name, ...request } = await inputOf(c, consumingOperations.commit, given);
    await this.door.opened(name, standing);
    const caller = { ...request, subject: subjectOf(standing) };
    const results = allowed(name, caller, await this.service.commit(name, caller));
    return c.json({ results }, results.some((r) => r.kind === 'fenced') ? 409 : 200);
  }

  async report({ c, members: given, standing }: Called): Promise<Response> {
    const { group: name, member, ...event } = await inputOf(c, consumingOperations.report, given);
    await this.door.opened(name, standing);
    const caller = { member, subject: subjectOf(standing) };
    const reply = allowed(name, caller, await this.letters.report(name, caller, event));
    return c.json(reply, reply.kind === 'fenced' ? 409 : 200);
  }

  async leave({ c, members: given, standing }: Called): Promise<Response> {
    const { group: name, member } = await inputOf(c, consumingOperations.leave, given);
    await this.door.opened(name, standing);
    const caller = { member, subject: subjectOf(standing) };
    const refused = await this.service.leave(name, caller);
    if (refused !== undefined && refused.refused !== 'deleted') refuse(name, caller, refused);
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
    const body = groupStream(
      {
        service: this.service,
        group: name,
        caller,
        stream: this.nameOf(poll.stream) ?? '',
        closing: this.parts.closing,
        mayGoOn,
        polled: (next) => this.parts.polled(name, member, next),
      },
      poll,
    );
    return new Response(body, { headers: EVENT_STREAM_HEADERS });
  }

  private hostNamed(host: number) {
    return { host, name: this.parts.map.topology.host(host)?.name ?? null };
  }

  private nameOf(stream: number): string | undefined {
    return this.parts.map.topology.stream(stream)?.name;
  }
}

function allowed<T extends object>(name: string, caller: Caller, reply: T | Refused): T {
  return isRefused(reply) ? refuse(name, caller, reply) : reply;
}

/** @throws ForeshardError unknown_group, unknown_stream, foreign_member, limit_reached, invalid_position */
function refuse(name: string, { member, subject }: Caller, refused: Refused): never {
  switch (refused.refused) {
    case 'unknown':
      return unknown(name);
    case 'deleted':
      throw new ForeshardError(
        'unknown_stream',
        `The stream of the group "${name}" was deleted: nothing is left to process. Remove the group with "foreshard groups remove ${name}".`,
      );
    case 'foreign':
      throw new ForeshardError(
        'foreign_member',
        `The member "${member}" of the group "${name}" belongs to another token than ${subject}.`,
      );
    case 'position':
      throw new ForeshardError('invalid_position', `${textOf(refused.wrong)} Nothing was committed.`, {
        pointer: `/positions/${refused.at}`,
      });
    case 'full':
      throw new ForeshardError(
        'limit_reached',
        `The group "${name}" has ${MEMBERS_MAX} members, so "${member}" cannot join. A member that ends, or is silent for a session, makes room.`,
      );
  }
}

function textOf(wrong: WrongPosition): string {
  switch (wrong.kind) {
    case 'noShardlet':
      return 'There is no such shardlet.';
    case 'otherStream':
      return 'The shardlet belongs to another stream than the group.';
    case 'beyondEnd':
      return `The position is beyond the end of the shardlet: its last event is ${wrong.lastSeq}.`;
    case 'futureEpoch':
      return `The epoch of the position is in the future: the shardlet is at ${wrong.epoch}.`;
  }
}

function unknown(name: string): never {
  throw new ForeshardError('unknown_group', `There is no group "${name}".`);
}
