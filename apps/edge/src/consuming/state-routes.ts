/** Members that keep state, over HTTP: checkpoints are announced and uploaded, plans of recoveries and replays are read. */
import { randomUUID } from 'node:crypto';
import type { GroupStore, ShardletReads } from '@foreshard/core/consuming';
import {
  CheckpointIntake,
  CheckpointUpkeep,
  isFenced,
  type Replayed,
  RestoreDrill,
  type StateParts,
  StateRecovery,
} from '@foreshard/core/group-state';
import type { EventHost } from '@foreshard/core/hosts';
import type { Range } from '@foreshard/core/keyspace';
import { type InputOf, keepingState, type OutputOf } from '@foreshard/core/operations';
import { checkpointDocument } from '@foreshard/core/operations/handlers';
import type { Api, ContractCall } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { withOctets } from '../http/json-body.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import { recordJson } from '../reading/index.ts';
import type { GroupDoor } from './group-door.ts';
import { type Called, inputOf, subjectOf } from './request-input.ts';

/** Where checkpoints are. */
export type StateStores = Pick<StateParts, 'records' | 'recoveries' | 'stores' | 'digestOf' | 'bytesMax'>;

export interface StateRouteParts {
  readonly state: StateStores;
  readonly groups: GroupStore;
  readonly map: EdgeMap;
  readonly hosts: { get(hostId: number): Promise<EventHost> };
  readonly reads: ShardletReads;
  readonly budget: ByteBudget;
  refresh(): Promise<unknown>;
}

type Plan = Extract<OutputOf<typeof keepingState.recover>, { steps: unknown }>;
type WireRange = Plan['range'];

export class StateRoutes {
  readonly upkeep: CheckpointUpkeep;
  readonly drill: RestoreDrill;
  private readonly parts: StateRouteParts;
  private readonly door: GroupDoor;
  private readonly intake: CheckpointIntake;
  private readonly recovery: StateRecovery;

  constructor(parts: StateRouteParts, door: GroupDoor) {
    this.parts = parts;
    this.door = door;
    const { state, groups, map, hosts, reads, refresh } = parts;
    const all: StateParts = {
      ...{ ...state, groups, map: map.topology, reads, refresh, newId: randomUUID, nowMs: Date.now },
      host: (id) => hosts.get(id),
    };
    this.intake = new CheckpointIntake(all);
    this.recovery = new StateRecovery(all);
    this.upkeep = new CheckpointUpkeep(all);
    this.drill = new RestoreDrill(all);
  }

  mount(api: Api, answer: (reply: Promise<Response>) => Promise<Response>): void {
    api.serve(keepingState.announce, (call) => answer(this.announce(call)));
    api.serve(keepingState.upload, (call) => answer(this.upload(call)));
    api.serve(keepingState.content, (call) => answer(this.content(call)));
    api.serve(keepingState.recover, (call) => answer(this.recover(call)));
    api.serve(keepingState.replay, (call) => answer(this.replay(call)));
    api.serve(keepingState.recovered, (call) => answer(this.recovered(call)));
  }

  private async announce({ c, members, standing }: Called): Promise<Response> {
    const { group, ...offer } = await inputOf(c, keepingState.announce, members);
    await this.door.opened(group, standing);
    const reply = await this.intake.announce(group, { ...offer, subject: subjectOf(standing) });
    if (reply.kind !== 'announced') return c.json(reply, 409);
    const put = `/v1/groups/${encodeURIComponent(group)}/checkpoints/${reply.id}/content`;
    return c.json({ id: reply.id, put }, 201);
  }

  private async upload({
    c,
    members,
    standing,
  }: ContractCall<typeof keepingState.upload>): Promise<Response> {
    const { group, checkpoint } = members as InputOf<typeof keepingState.upload>;
    await this.door.opened(group, standing);
    const limits = { bytesMax: this.parts.state.bytesMax, budget: this.parts.budget };
    const reply = await withOctets(c, limits, (content) =>
      this.intake.upload(group, subjectOf(standing), checkpoint, content),
    );
    return reply.kind === 'valid' ? c.json(checkpointDocument(reply.checkpoint)) : c.json(reply, 409);
  }

  private async content({
    c,
    members: { group, member, checkpoint },
    standing,
  }: ContractCall<typeof keepingState.content>): Promise<Response> {
    await this.door.opened(group, standing);
    const caller = { member, subject: subjectOf(standing) };
    const { row, content } = await this.intake.content(group, caller, checkpoint);
    return c.body(Uint8Array.from(content), 200, {
      'content-type': 'application/octet-stream',
      'content-digest': `sha-256=:${Buffer.from(row.digest.slice('sha-256:'.length), 'hex').toString('base64')}:`,
    });
  }

  private async recover({ c, members, standing }: Called): Promise<Response> {
    const { group, ...asked } = await inputOf(c, keepingState.recover, members);
    await this.door.opened(group, standing);
    const plan = await this.recovery.plan(group, { ...asked, subject: subjectOf(standing) });
    if (isFenced(plan)) return c.json(plan, 409);
    const { committed, lost } = plan;
    const document: Plan = {
      ...{ committed, lost: [...lost], range: wireRange(plan.range) },
      steps: plan.steps.map((step) => {
        const range = wireRange(step.range);
        if (step.kind === 'replay') return { ...step, range };
        const {
          id,
          shardlet,
          seq,
          epoch,
          handlerVersion,
          bytes,
          keys,
          digest,
          base = null,
        } = step.checkpoint;
        const checkpoint = { id, shardlet, seq, epoch, handlerVersion, bytes, keys, digest, base };
        return { kind: 'restore', checkpoint, range };
      }),
    };
    return c.json(document);
  }

  private async replay({ c, members, standing }: Called): Promise<Response> {
    const { group, range, ...asked } = await inputOf(c, keepingState.replay, members);
    await this.door.opened(group, standing);
    const part = range && rangeOf(range);
    const reply = await this.recovery.replay(group, { ...asked, range: part, subject: subjectOf(standing) });
    if (isFenced(reply)) return c.json(reply, 409);
    return c.body(this.replayedJson(reply), 200, { 'content-type': 'application/json' });
  }

  private async recovered({ c, members, standing }: Called): Promise<Response> {
    const { group, member, assignment, ...measured } = await inputOf(c, keepingState.recovered, members);
    await this.door.opened(group, standing);
    const claim = { member, assignment, shardlet: measured.shardlet, subject: subjectOf(standing) };
    await this.recovery.recovered(group, claim, measured);
    return c.body(null, 204);
  }

  /** The events are JSON already, and copied as they are stored. */
  private replayedJson({ stream: id, shardlet, records, through, done }: Replayed): string {
    const stream = this.parts.map.topology.stream(id)?.name ?? '';
    const place = { shard: shardlet.shard, shardlet: shardlet.id };
    const events = records.map((record) => recordJson(stream, { ...record, ...place }, false).toString());
    return `{"through":${through},"done":${done},"events":[${events.join(',')}]}`;
  }
}

function wireRange({ from, to }: Range): WireRange {
  return { start: { high: from.hi, low: from.lo }, end: { high: to.hi, low: to.lo } };
}

/** One that is empty or reversed has nothing in common with any other. */
function rangeOf({ start, end }: WireRange): Range {
  return { from: { hi: start.high, lo: start.low }, to: { hi: end.high, lo: end.low } };
}
