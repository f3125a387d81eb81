/**
 * Groups as a list shows them. Everything is asked for once for all groups of a page: hosts where shardlets end, the store
 * for sums of positions. Who asks the same while it is being answered shares the answer, so many consoles cost what one does.
 */
import type { KeptStates } from '../../checkpointing/index.ts';
import {
  type Arrivals,
  countStanding,
  DRAIN_MINUTES_DEFAULT,
  type Group,
  type GroupService,
  type GroupStore,
  type GroupSums,
  membersWanted,
  type ProgressSample,
  processingRate,
  progressOf,
} from '../../consuming/index.ts';
import type { Shardlet, TopologyMap } from '../../topology/index.ts';
import type { groups } from '../groups.ts';
import type { InputOf, OutputOf } from '../operation.ts';
import type { GroupFactSources } from './group-facts.ts';

export interface SummarySources extends GroupFactSources {
  readonly groups: Pick<GroupStore, 'list' | 'sums'>;
  readonly groupService: Pick<GroupService, 'ends'>;
  readonly map: () => Pick<TopologyMap, 'shardlets' | 'stream'>;
}

type Answer = OutputOf<typeof groups.summaries>;
type Summary = Answer['groups'][number];
type Plain = OutputOf<typeof groups.list>['groups'][number];
type Facts = Omit<Summary, keyof Plain>;

export class GroupSummaries {
  private readonly sources: SummarySources;
  private readonly plain: (group: Group) => Plain;
  /** by question, while it is being answered */
  private readonly looks = new Map<string, Promise<Answer>>();

  constructor(sources: SummarySources, plain: (group: Group) => Plain) {
    this.sources = sources;
    this.plain = plain;
  }

  of(input: InputOf<typeof groups.summaries>): Promise<Answer> {
    const key = JSON.stringify(input);
    const known = this.looks.get(key);
    if (known !== undefined) return known;
    const answer = this.look(input).finally(() => this.looks.delete(key));
    this.looks.set(key, answer);
    return answer;
  }

  private async look({ search, internal, limit, offset }: InputOf<typeof groups.summaries>): Promise<Answer> {
    const { map, groups: store } = this.sources;
    const text = search.toLowerCase();
    const has = (name = '') => name.toLowerCase().includes(text);
    const found = (await store.list()).filter(
      ({ name, stream }) => has(name) || has(map().stream(stream)?.name),
    );
    const shown = internal ? found : found.filter(({ redriveOf }) => redriveOf === undefined);
    const page = shown.slice(offset, offset + limit);
    return {
      groups: await this.summarized(page),
      total: shown.length,
      internal: found.length - shown.length,
    };
  }

  private async summarized(page: readonly Group[]): Promise<Summary[]> {
    if (page.length === 0) return [];
    const {
      groups: store,
      groupService,
      groupOutlooks,
      groupProgress,
      recoveries,
      arrivals,
      map,
      nowMs,
    } = this.sources;
    const names = page.map(({ name }) => name);
    const streams = new Set(page.map(({ stream }) => stream));
    const stateful = page.filter(({ checkpointing }) => checkpointing !== undefined).map(({ name }) => name);
    const [sums, firsts, outlooks, states, expected] = await Promise.all([
      groupService.ends(streams).then((ends) => store.sums(names, ends)),
      groupProgress.firsts(names).catch(() => new Map<string, ProgressSample>()),
      groupOutlooks.all().catch(() => []),
      stateful.length === 0
        ? new Map<string, KeptStates>()
        : recoveries.over(stateful).catch(() => new Map<string, KeptStates>()),
      byStream(streams, (stream) => arrivals(stream).catch(() => undefined)),
    ]);
    const rates = new Map(outlooks.map(({ group, memberRate }) => [group, memberRate]));
    const lineages = new Map([...streams].map((stream) => [stream, lineageOf(map(), stream)]));
    const ofGroup = new Map(sums.map((one) => [one.group, one]));
    return page.flatMap((group) => {
      const own = ofGroup.get(group.name);
      // it was removed meanwhile
      if (own === undefined) return [];
      const known = {
        ...{ sums: own, first: firsts.get(group.name), arrivals: expected.get(group.stream), nowMs: nowMs() },
        ...{ memberRate: rates.get(group.name), lineage: lineages.get(group.stream)! },
        state: states.get(group.name) ?? null,
      };
      return [{ ...this.plain(group), ...factsOf(group, known) }];
    });
  }
}

interface Known {
  readonly sums: GroupSums;
  readonly first: ProgressSample | undefined;
  readonly arrivals: Arrivals | undefined;
  readonly memberRate: number | undefined;
  readonly lineage: readonly Shardlet[];
  readonly state: KeptStates | null;
  readonly nowMs: number;
}

function factsOf(group: Group, { sums, first, arrivals, memberRate, lineage, state, nowMs }: Known): Facts {
  const { version, members, processed, skipped, held, revoking } = sums;
  const { workable, waiting } = countStanding(lineage, sums);
  const lag = sums.unknown > 0 ? undefined : sums.lag;
  const processing = processingRate(first === undefined ? [] : [first], { atMs: nowMs, processed });
  const { forecast: _, ...progress } = progressOf(lag, processing, arrivals, nowMs);
  const isAdded = group.push === undefined && group.redriveOf === undefined;
  const { drainMinutes = DRAIN_MINUTES_DEFAULT } = group;
  return {
    ...{ version, members, revoking, skipped, waiting, state, progress, lag: lag ?? null },
    shardlets: workable + waiting,
    free: Math.max(0, workable - held),
    membersWanted: isAdded
      ? membersWanted({ lag, arrivals, memberRate, drainMinutes, members, nowMs, shardlets: workable })
      : null,
  };
}

function lineageOf(map: Pick<TopologyMap, 'shardlets'>, stream: number): readonly Shardlet[] {
  return [...map.shardlets(stream)].sort((a, b) => a.id - b.id);
}

async function byStream<T>(
  streams: Iterable<number>,
  ask: (stream: number) => Promise<T>,
): Promise<Map<number, T>> {
  return new Map(await Promise.all([...streams].map(async (stream) => [stream, await ask(stream)] as const)));
}
