/**
 * Roll, split and merge are one decision: parents on one host and in one shard hand their positions over to
 * children on the same host, which need no data copied. A roll has one child of the same range, a split more
 * children than parents, a merge fewer. Between the two decisions here the parents are sealed and the
 * children created on the host; edges may already route to the children.
 */
import { comparePositions, overlaps, type Range, splitsNoKey } from '../../keyspace/index.ts';
import type { Shardlet } from '../model.ts';
import type { Decision, Refusal, TopologyView } from '../topology-store.ts';
import { accept, refuse, sameIds } from './verdict.ts';

export interface ParentAt {
  readonly id: number;
  readonly epoch: number;
}

export interface RestructureRequest {
  readonly parents: readonly ParentAt[];
  readonly children: readonly Range[];
}

type Refused = { readonly kind: 'refuse'; readonly refusal: Refusal };

export function restructure(
  request: RestructureRequest,
): Decision<{ readonly children: readonly Shardlet[] }> {
  return {
    name: 'restructure',
    needs: { shardlets: request.parents.map((p) => p.id) },
    rule(view) {
      const parents = openParents(view, request.parents);
      if ('kind' in parents) return parents;
      const ranges = inOrder(request.children);
      const fault = together(view, parents) ?? covered(view, parents, ranges);
      if (fault !== undefined) return fault;
      const children = ranges.map((range) => child(view, parents, range));
      const closing = parents.map((parent) => close(parent, children));
      return accept({ shardlets: [...closing, ...children] }, { children });
    },
  };
}

function openParents(view: TopologyView, wanted: readonly ParentAt[]): Shardlet[] | Refused {
  if (wanted.length === 0 || new Set(wanted.map((p) => p.id)).size !== wanted.length)
    return refuse('not_allowed', 'a restructure needs parents, each named once');
  const parents: Shardlet[] = [];
  for (const { id, epoch } of wanted) {
    const parent = view.shardlet(id);
    if (parent === undefined) return refuse('unknown', `no shardlet ${id}`);
    if (parent.state.kind !== 'open' || parent.epoch !== epoch)
      return refuse('changed', `shardlet ${id} is ${parent.state.kind} at epoch ${parent.epoch}`);
    parents.push(parent);
  }
  return parents.sort((a, b) => comparePositions(a.range.from, b.range.from));
}

/** One host, so that children can refer to what their parents hold; one shard, which no shardlet outgrows. */
function together(view: TopologyView, parents: readonly Shardlet[]): Refused | undefined {
  const first = parents[0]!;
  if (parents.some((p) => p.owner !== first.owner))
    return refuse('not_allowed', 'the parents are not on one host');
  if (parents.some((p) => p.stream !== first.stream || p.shard !== first.shard))
    return refuse('not_allowed', 'the parents are not in one shard');
  // until it is readmitted, nobody knows which of its last writes the host still has
  const state = view.host(first.owner)?.state;
  if (state === 'readmitting') return refuse('not_allowed', `host ${first.owner} is being readmitted`);
  if (state === 'draining')
    return refuse(
      'not_allowed',
      `host ${first.owner} is draining and takes no new shardlet: move the parents first`,
    );
  return undefined;
}

function covered(
  view: TopologyView,
  parents: readonly Shardlet[],
  children: readonly Range[],
): Refused | undefined {
  if (children.length === 0) return refuse('not_allowed', 'a restructure needs children');
  const union = parents.map((p) => p.range);
  if (!isSeamless(union)) return refuse('not_allowed', 'the parents are not neighbours');
  const exact =
    isSeamless(children) &&
    comparePositions(children[0]!.from, union[0]!.from) === 0 &&
    comparePositions(children.at(-1)!.to, union.at(-1)!.to) === 0;
  if (!exact) return refuse('not_allowed', 'the children do not cover exactly what the parents cover');
  if (view.stream(parents[0]!.stream)?.splitKeys !== true && !children.every(splitsNoKey))
    return refuse('not_allowed', 'this stream does not allow a split inside one key');
  return undefined;
}

function inOrder(ranges: readonly Range[]): Range[] {
  return [...ranges].sort((a, b) => comparePositions(a.from, b.from));
}

/** REQUIRES order: each range begins where the one before it ends. */
function isSeamless(ranges: readonly Range[]): boolean {
  return ranges.every((r, i) => i === 0 || comparePositions(ranges[i - 1]!.to, r.from) === 0);
}

function child(view: TopologyView, parents: readonly Shardlet[], range: Range): Shardlet {
  const { stream, shard, owner } = parents[0]!;
  const own = parents.filter((p) => overlaps(p.range, range));
  const refs = own.map((p) => ({ shardlet: p.id, epoch: p.epoch }));
  return {
    id: view.newShardletId(),
    stream,
    shard,
    range,
    owner,
    epoch: view.version,
    state: { kind: 'opening', job: { kind: 'create', parents: refs } },
    parents: own.map((p) => p.id),
    lost: [],
  };
}

function close(parent: Shardlet, children: readonly Shardlet[]): Shardlet {
  const successors = children.filter((c) => overlaps(c.range, parent.range)).map((c) => c.id);
  return { ...parent, state: { kind: 'closing', successors } };
}

export interface SealedParent {
  readonly id: number;
  /** of the last record of the sealed replica */
  readonly finalSeq: number;
  /** the sealed replica's `last`: no record of it is later */
  readonly finalTs: number;
}

/** All parents and all children of one restructure, in one decision: readers follow from `closed` to children. */
export function settleRestructure(request: {
  readonly parents: readonly SealedParent[];
  readonly children: readonly number[];
}): Decision<{ readonly children: readonly Shardlet[] }> {
  return {
    name: 'settleRestructure',
    needs: { shardlets: [...request.parents.map((p) => p.id), ...request.children] },
    rule(view) {
      const parents: Shardlet[] = [];
      for (const sealed of request.parents) {
        const closed = closeAt(view, sealed);
        if (closed === undefined) return refuse('changed', `shardlet ${sealed.id} is not closing`);
        parents.push(closed);
      }
      const children: Shardlet[] = [];
      for (const id of request.children) {
        const open = openChild(view.shardlet(id));
        if (open === undefined) return refuse('changed', `shardlet ${id} is not being created`);
        children.push(open);
      }
      if (!isWholeFamily(parents, children))
        return refuse('not_allowed', 'parents and children of a restructure are settled all together');
      return accept({ shardlets: [...parents, ...children] }, { children });
    },
  };
}

function closeAt(view: TopologyView, { id, finalSeq, finalTs }: SealedParent): Shardlet | undefined {
  const parent = view.shardlet(id);
  if (parent?.state.kind !== 'closing') return undefined;
  const { successors } = parent.state;
  const host = view.host(parent.owner);
  // it was sealed after its host came back: what the host has lost of it is not in finalSeq
  const mayHaveLost = host?.state === 'readmitting' && host.durability !== 'always';
  const lost = mayHaveLost ? [...parent.lost, { epoch: view.version, seq: finalSeq }] : parent.lost;
  return { ...parent, state: { kind: 'closed', successors, finalSeq, finalTs }, lost };
}

function openChild(child: Shardlet | undefined): Shardlet | undefined {
  if (child?.state.kind !== 'opening' || child.state.job.kind !== 'create') return undefined;
  return { ...child, state: { kind: 'open' } };
}

function isWholeFamily(parents: readonly Shardlet[], children: readonly Shardlet[]): boolean {
  const successors = parents.flatMap((p) => (p.state.kind === 'closed' ? p.state.successors : []));
  return (
    parents.length > 0 &&
    sameIds(
      successors,
      children.map((c) => c.id),
    ) &&
    sameIds(
      children.flatMap((c) => c.parents),
      parents.map((p) => p.id),
    )
  );
}
