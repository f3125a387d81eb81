/**
 * What the topology store should say after it has lost decisions: per position the one replica that is open (no two
 * can be), or, where none is, the sealed one; its shardlet gets a new epoch by `raise`, so that whatever is still on
 * its way from a lost decision is refused. What was split or merged meanwhile is found again by its ids and ranges.
 * Nothing is applied here: a person confirms first.
 */
import { formatPosition, type Range, WHOLE } from '@foreshard/core/keyspace';
import {
  type ChangeSet,
  type Garbage,
  type Host,
  NO_FACTS,
  type Shardlet,
  type Stream,
  streamSettingsSchema,
  type Topology,
} from '@foreshard/core/topology';
import { engineOf } from '../../host-address.ts';
import type { Comparison } from './compare.ts';
import { type Histories, type Lineage, lineagesOf, type Ranged } from './lineage.ts';
import type { Found, Survey } from './survey.ts';

/** How far the clock jumps: more versions and ids than were ever lost, and room for 8,000 restores. */
const JUMP = 2 ** 40;
/** Streams and hosts have smaller numbers and are few. */
const SMALL_JUMP = 2 ** 16;

/** One row of the topology store that changes, for people. */
export interface Step {
  readonly shardlet: number;
  readonly positions: string;
  readonly action: 'adopt' | 'close' | 'end' | 'create' | 'unresolved';
  readonly host: number;
  readonly detail: string;
}

/** Host operations before the topology store may say so. */
export interface HostStep {
  readonly host: number;
  readonly kind: 'drop' | 'create' | 'open';
  readonly shardlet: number;
  readonly epoch: number;
  /** of the shardlet to create */
  readonly from?: { readonly stream: Stream; readonly range: Range; readonly parent: Found };
}

export interface Proposal {
  readonly version: number;
  readonly nextIds: { readonly shardlet: number; readonly stream: number; readonly host: number };
  readonly adopted: Pick<ChangeSet, 'streams' | 'streamsRemoved' | 'hosts' | 'shardlets' | 'garbage'>;
  readonly steps: readonly Step[];
  readonly hostSteps: readonly HostStep[];
}

function nextMultiple(highest: number, jump: number = JUMP): number {
  return (Math.floor(highest / jump) + 1) * jump;
}

export function propose(
  topology: Topology,
  surveys: readonly Survey[],
  comparison: Comparison,
  nowMs: number,
): Proposal {
  const draft = new Draft(topology, surveys, comparison, nowMs);
  for (const stream of draft.streams()) draft.restore(stream);
  return draft.proposal();
}

class Draft {
  private readonly topology: Topology;
  private readonly surveys: readonly Survey[];
  private readonly comparison: Comparison;
  private readonly nowMs: number;
  private readonly version: number;
  private nextShardlet: number;
  private readonly replicas = new Map<number, Found[]>();
  private readonly troubled: ReadonlySet<number>;
  private readonly steps: Step[] = [];
  private readonly hostSteps: HostStep[] = [];
  private readonly shardlets: Shardlet[] = [];
  private readonly garbage: Garbage[] = [];
  private readonly streamsFound: Stream[] = [];
  private readonly streamsRemoved: number[] = [];

  constructor(topology: Topology, surveys: readonly Survey[], comparison: Comparison, nowMs: number) {
    this.topology = topology;
    this.surveys = surveys;
    this.comparison = comparison;
    this.nowMs = nowMs;
    this.version = nextMultiple(comparison.highestVersion);
    this.nextShardlet = nextMultiple(comparison.highestShardlet);
    for (const survey of surveys)
      if (survey.kind === 'surveyed') for (const found of survey.replicas) this.add(found);
    this.troubled = new Set(comparison.discrepancies.map((d) => d.shardlet ?? 0));
  }

  /** The topology store's, and those that only hosts know any more. */
  streams(): Stream[] {
    const known = new Set(this.topology.streams.map((s) => s.id));
    const lost = new Map<number, Stream>();
    for (const { details } of [...this.replicas.values()].flat())
      if (details !== undefined && !known.has(details.stream))
        lost.set(details.stream, recoveredStream(details.stream));
    this.streamsFound.push(...lost.values());
    return [...this.topology.streams, ...lost.values()];
  }

  restore(stream: Stream): void {
    const known = this.topology.shardlets.filter((s) => s.stream === stream.id);
    if (this.wasDeleted(known)) {
      this.streamsRemoved.push(stream.id);
      this.say(known[0]!, 'end', 0, `stream ${stream.name} was deleted after the backup`);
      return;
    }
    const all = new Map<number, Ranged>(known.map((s) => [s.id, s]));
    for (const [id, found] of this.replicas) {
      const details = found.find((f) => f.details?.stream === stream.id)?.details;
      if (details !== undefined && !all.has(id)) all.set(id, { id, range: details.range });
    }
    const histories = lineagesOf([...all.values()], WHOLE);
    for (const range of histories.uncovered)
      this.steps.push({
        ...{ shardlet: 0, action: 'unresolved', host: 0, positions: textOf(range) },
        detail: `no host has anything of these positions of stream ${stream.name}`,
      });
    for (const ranged of [...all.values()].sort((a, b) => a.id - b.id))
      this.restoreShardlet(stream, ranged, histories, known);
  }

  proposal(): Proposal {
    const { comparison, version, streamsRemoved, shardlets, garbage, steps, hostSteps } = this;
    const stream = nextMultiple(comparison.highestStream, SMALL_JUMP);
    const host = nextMultiple(comparison.highestHost, SMALL_JUMP);
    const streams = this.streamsFound;
    return {
      version,
      nextIds: { shardlet: nextMultiple(this.nextShardlet - 1), stream, host },
      adopted: { streams, streamsRemoved, hosts: this.forgottenHosts(), shardlets, garbage },
      steps,
      hostSteps,
    };
  }

  private add(found: Found): void {
    const others = this.replicas.get(found.shardlet);
    if (others === undefined) this.replicas.set(found.shardlet, [found]);
    else others.push(found);
  }

  private liveReplicas(id: number): Found[] {
    return (this.replicas.get(id) ?? []).filter((f) => f.details !== undefined);
  }

  /** Nothing is left of it but tombstones of decisions that the topology store does not know. */
  private wasDeleted(known: readonly Shardlet[]): boolean {
    const alive = known.filter((s) => s.state.kind !== 'gone');
    const isBuried = ({ id }: Shardlet) =>
      this.liveReplicas(id).length === 0 &&
      (this.replicas.get(id) ?? []).some((f) => f.epoch > this.topology.version);
    return alive.length > 0 && alive.every(isBuried);
  }

  private restoreShardlet(
    stream: Stream,
    ranged: Ranged,
    histories: Histories,
    known: readonly Shardlet[],
  ): void {
    const lineage = histories.of.get(ranged.id)!;
    const inT = known.find((s) => s.id === ranged.id);
    if (inT !== undefined && !this.troubled.has(inT.id) && agrees(inT, lineage)) return;
    const row = inT ?? this.rowOf(stream, ranged, lineage, known);
    if (lineage.successors.length === 0) this.adopt(row);
    else this.close(stream, row, lineage);
  }

  private rowOf(
    stream: Stream,
    { id, range }: Ranged,
    { parents }: Lineage,
    known: readonly Shardlet[],
  ): Shardlet {
    const sameShard =
      known.find((s) => parents.includes(s.id)) ?? this.shardlets.find((s) => parents.includes(s.id));
    const state = { kind: 'open' } as const;
    return {
      ...{ id, stream: stream.id, shard: sameShard?.shard ?? 0, range, owner: 0, epoch: 0 },
      ...{ state, parents: [...parents], lost: [] },
    };
  }

  /** A leaf: it takes appends again, at a new epoch. */
  private adopt(row: Shardlet): void {
    const live = this.liveReplicas(row.id);
    const chosen = bestOf(live);
    if (chosen === undefined || live.filter((f) => f.mode === 'open').length > 1) {
      const why = chosen === undefined ? 'no host that was looked at has it' : 'it is open on two hosts';
      this.say(row, 'unresolved', 0, why);
      return;
    }
    if (chosen.mode === 'ready') this.hostStep(chosen, 'open');
    this.discard(live.filter((f) => f !== chosen));
    this.shardlets.push({
      ...row,
      owner: chosen.host,
      epoch: this.version,
      state: { kind: 'opening', job: { kind: 'raise' } },
    });
    this.say(
      row,
      'adopt',
      chosen.host,
      `${chosen.mode} there at epoch ${chosen.epoch}, ${chosen.lastSeq} events`,
    );
  }

  /** It has children: readers go through it, nobody appends. */
  private close(stream: Stream, row: Shardlet, lineage: Lineage): void {
    const live = this.liveReplicas(row.id);
    const chosen = bestOf(live);
    if (live.some((f) => f.mode === 'open')) {
      this.say(row, 'unresolved', chosen!.host, 'it is open although it has children');
      return;
    }
    const missing =
      chosen === undefined ? [] : lineage.last.map((range) => this.create(stream, row, range, chosen));
    const successors = [...lineage.successors, ...missing];
    const finalSeq = chosen?.lastSeq ?? 0;
    const finalTs = chosen?.details?.last ?? 0;
    const owner = chosen?.host ?? row.owner;
    const kind = chosen === undefined ? 'gone' : 'closed';
    this.discard(live.filter((f) => f !== chosen));
    if (row.state.kind === 'gone' || (chosen === undefined && row.owner === 0)) return;
    const epoch = chosen?.epoch ?? row.epoch;
    this.shardlets.push({ ...row, owner, epoch, state: { kind, successors, finalSeq, finalTs } });
    const what = chosen === undefined ? 'nothing of it is left' : `${finalSeq} events`;
    this.say(
      row,
      chosen === undefined ? 'end' : 'close',
      owner,
      `${what}; followed by ${successors.join(', ')}`,
    );
  }

  /** A child that was decided and never created. */
  private create(stream: Stream, parent: Shardlet, range: Range, replica: Found): number {
    const id = this.nextShardlet++;
    const child: Shardlet = {
      ...{ id, stream: parent.stream, shard: parent.shard, range, owner: replica.host, epoch: this.version },
      ...{ state: { kind: 'opening', job: { kind: 'raise' } }, parents: [parent.id], lost: [] },
    };
    const { host } = replica;
    this.hostSteps.push({
      ...{ host, kind: 'create', shardlet: id, epoch: this.version },
      from: { stream, range, parent: replica },
    });
    this.shardlets.push(child);
    this.say(child, 'create', host, `what is missing of the children of shardlet ${parent.id}`);
    return id;
  }

  private discard(unwanted: readonly Found[]): void {
    const listed = new Set(this.topology.garbage.map((g) => `${g.host}/${g.shardlet}/${g.epoch}`));
    for (const found of unwanted) {
      const { host, shardlet, epoch } = found;
      // a late `open` of a lost decision must find nothing to open
      if (found.mode === 'ready' || found.mode === 'shadow') this.hostStep(found, 'drop');
      else if (!listed.has(`${host}/${shardlet}/${epoch}`))
        this.garbage.push({ host, shardlet, epoch, since: this.nowMs });
    }
  }

  private hostStep({ host, shardlet, epoch }: Found, kind: 'drop' | 'open'): void {
    this.hostSteps.push({ host, kind, shardlet, epoch });
  }

  private forgottenHosts(): Host[] {
    const known = new Set(this.topology.hosts.map((h) => h.id));
    return this.surveys.flatMap((survey): Host[] => {
      if (survey.kind === 'silent' || known.has(survey.host)) return [];
      const { host: id, url, incarnation, generation } = survey;
      const engine = engineOf(url);
      return [
        {
          ...{ id, name: new URL(url).host, engine, url, incarnation, generation },
          durability: 'always',
          state: 'active',
          ...NO_FACTS,
        },
      ];
    });
  }

  private say(
    row: Pick<Shardlet, 'id' | 'range'>,
    action: Step['action'],
    host: number,
    detail: string,
  ): void {
    this.steps.push({ shardlet: row.id, positions: textOf(row.range), action, host, detail });
  }
}

/** Open before sealed before ready; the younger first. A shadow is never enough. */
function bestOf(live: readonly Found[]): Found | undefined {
  const rank = { open: 3, sealed: 2, ready: 1, shadow: 0, dropped: 0 };
  const usable = live.filter((f) => rank[f.mode] > 0);
  return usable.sort((a, b) => rank[b.mode] - rank[a.mode] || b.epoch - a.epoch)[0];
}

/** The topology store's row tells the same history as ids and ranges do. */
function agrees({ state }: Shardlet, { successors }: Lineage): boolean {
  const recorded = 'successors' in state ? state.successors : [];
  return recorded.length === successors.length && successors.every((id) => recorded.includes(id));
}

/** Its name and settings are lost; events are not. */
function recoveredStream(id: number): Stream {
  const settings = streamSettingsSchema.parse({});
  return { ...settings, id, name: `recovered-${id}`, shardCount: 1, splitKeys: true };
}

function textOf({ from, to }: Range): string {
  return `${formatPosition(from)}-${formatPosition(to)}`;
}
