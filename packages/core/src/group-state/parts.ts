/** What keeping the state of groups needs of the outside, and what every call begins with. */
import type { CheckpointRecords, CheckpointStore, RecoveryRecords } from '../checkpointing/index.ts';
import {
  type Caller,
  type Checkpoint,
  type GroupStore,
  isStreamDeleted,
  type KnownGroup,
  type ShardletReads,
} from '../consuming/index.ts';
import type { EventHost } from '../hosts/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';

/** Contents stay where they were written when another store is chosen. */
export interface ContentStores {
  /** where new ones go */
  readonly current: CheckpointStore;
  /** Undefined: this process cannot reach that one. */
  named(kind: string): CheckpointStore | undefined;
}

export interface StateParts {
  readonly groups: Pick<GroupStore, 'find' | 'list' | 'touch' | 'positionsOf' | 'alter'>;
  readonly records: CheckpointRecords;
  readonly recoveries: RecoveryRecords;
  readonly stores: ContentStores;
  /** the largest content that is taken */
  readonly bytesMax: number;
  readonly map: TopologyMap;
  /** Catches the map up with the topology store. */
  refresh(): Promise<unknown>;
  /** @throws HostUnreachable */
  host(id: number): Promise<Pick<EventHost, 'describe'>>;
  readonly reads: ShardletReads;
  readonly newId: () => string;
  /** `sha-256:` and hex */
  readonly digestOf: (content: Uint8Array) => string;
  readonly nowMs: () => number;
}

export interface Fenced {
  readonly kind: 'fenced';
  readonly assignment: number;
}

/** A member that says what it has. */
export interface Claim extends Caller {
  readonly shardlet: number;
  readonly assignment: number;
}

export interface Held {
  readonly known: KnownGroup;
  readonly shardlet: Shardlet;
  readonly position: Checkpoint;
}

/** @throws ForeshardError unknown_group, invalid_parameter */
export async function statefulGroup(parts: Pick<StateParts, 'groups'>, name: string): Promise<KnownGroup> {
  const known = await parts.groups.find(name);
  if (known === undefined) throw new ForeshardError('unknown_group', `There is no group "${name}".`);
  if (known.group.checkpointing !== undefined) return known;
  throw new ForeshardError(
    'invalid_parameter',
    `The group "${name}" keeps no state: it was created without "checkpoints".`,
    { pointer: '/group' },
  );
}

/** For its members. @throws ForeshardError unknown_group, unknown_stream, invalid_parameter */
export async function groupAtWork(
  parts: Pick<StateParts, 'groups' | 'map' | 'refresh'>,
  name: string,
): Promise<KnownGroup> {
  const known = await statefulGroup(parts, name);
  if (!(await isStreamDeleted(parts, known.group))) return known;
  throw new ForeshardError(
    'unknown_stream',
    `The stream of the group "${name}" was deleted: its state is of no more use.`,
  );
}

/** @throws ForeshardError foreign_member */
export function foreign(group: string, { member, subject }: Caller): never {
  throw new ForeshardError(
    'foreign_member',
    `The member "${member}" of the group "${group}" belongs to another token than ${subject}.`,
  );
}

/** That the member has the shardlet, in this assignment. @throws ForeshardError unknown_group, foreign_member */
export async function heldBy(parts: StateParts, name: string, claim: Claim): Promise<Held | Fenced> {
  const known = await groupAtWork(parts, name);
  const { members, checkpoints } = known.state;
  const owner = members.find(({ id }) => id === claim.member)?.subject;
  if (owner !== undefined && owner !== claim.subject) foreign(name, claim);
  const position = checkpoints.get(claim.shardlet);
  if (position?.assignment !== claim.assignment || position.member !== claim.member)
    return { kind: 'fenced', assignment: position?.assignment ?? 0 };
  const shardlet = await shardletNamed(parts, claim.shardlet);
  // whoever assigned it knows it
  if (shardlet === undefined) throw notYet('The map of this edge is older than the assignment.');
  return { known, shardlet, position };
}

export async function shardletNamed(
  { map, refresh }: Pick<StateParts, 'map' | 'refresh'>,
  id: number,
): Promise<Shardlet | undefined> {
  const known = map.shardlet(id);
  if (known !== undefined) return known;
  await refresh();
  return map.shardlet(id);
}

/** REQUIRES that the map knew it before. @throws ForeshardError unknown_stream */
export function stillThere({ map }: Pick<StateParts, 'map'>, id: number): Shardlet {
  const known = map.shardlet(id);
  if (known !== undefined) return known;
  throw new ForeshardError(
    'unknown_stream',
    `The stream of shardlet ${id} was deleted meanwhile: the state that it led to is of no more use.`,
  );
}

export function notYet(detail: string): ForeshardError {
  return new ForeshardError('overloaded', detail, { retryAfterSeconds: 1 });
}

export function isFenced(reply: object): reply is Fenced {
  return 'kind' in reply && reply.kind === 'fenced';
}
