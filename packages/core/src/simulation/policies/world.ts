/**
 * The cluster a policy acts on, in virtual minutes: keys lie in shardlets, shardlets on hosts, moves and splits take
 * their time and their CPU. It takes orders and refuses what no cluster could do; it decides nothing.
 */
import { seededRandom } from '../../kernel/index.ts';
import type { CostModel } from './cost-model.ts';
import { HostFleet } from './host-fleet.ts';
import type { Workload } from './workload.ts';

export interface Piece {
  readonly id: number;
  host: number;
  /** in the order of their positions */
  keys: number[];
  /** part of each of its keys' events, below 1 after a split below the key */
  share: number;
  bornAt: number;
  movedAt: number;
  reshapedAt: number;
  cameFrom: number;
  moves: number;
}

export type Order =
  | { readonly kind: 'move'; readonly piece: number; readonly to: number }
  | { readonly kind: 'split'; readonly piece: number; readonly parts: number }
  | { readonly kind: 'split-key'; readonly piece: number; readonly key: number; readonly ways: number }
  | { readonly kind: 'add-hosts'; readonly count: number }
  | { readonly kind: 'remove-host'; readonly host: number };
type PieceOrder = Extract<Order, { piece: number }>;

interface Copy {
  readonly piece: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  doneAt: number;
}

interface Pending {
  readonly order: PieceOrder;
  readonly at: number;
}

/** the host that dies, where one does */
const DIES = 1;
/** minutes over which the load of a key is remembered for the choice of a split point */
const KEY_MEMORY = 0.75;
/** a mean over so many minutes would be as steady as the remembered rate of a key */
export const RATE_MINUTES = (1 + KEY_MEMORY) / (1 - KEY_MEMORY);

export class World {
  readonly model: CostModel;
  readonly pieces: Piece[] = [];
  readonly copies: Copy[] = [];
  readonly fleet: HostFleet;
  /** events of the last minute, by piece and by host, without the cost of copies */
  pieceLoad = new Float64Array(0);
  readonly hostLoad: Float64Array;
  /** of recent minutes, by key */
  readonly keyRate: Float64Array;
  /** events of the last minute, by key */
  readonly keyLast: Float64Array;
  /** of each key, in [0, 1) */
  readonly position: Float64Array;
  readonly done = { moves: 0, reversals: 0, bytes: 0, splits: 0, refused: 0 };
  private readonly workload: Workload;
  private readonly held: Float64Array[] = [];
  private readonly piecesOfKey: number[][];
  private pending: Pending[] = [];
  private readonly history: { piece: number; from: number; at: number }[] = [];
  /** a move back within this time is a reversal: four times what the planner forbids itself */
  private readonly reversalMinutes: number;

  constructor(workload: Workload, model: CostModel, seed: number, reversalMinutes: number) {
    this.workload = workload;
    this.model = model;
    this.reversalMinutes = reversalMinutes;
    this.fleet = new HostFleet(model);
    this.hostLoad = new Float64Array(model.hostsMax);
    this.keyRate = workload.pastShare.map(
      (share) => (share * (workload.pastTotal.at(-1) ?? 0)) / workload.stepMinutes,
    );
    this.keyLast = this.keyRate.slice();
    this.piecesOfKey = Array.from({ length: workload.keyCount }, () => []);
    const random = seededRandom(seed);
    this.position =
      workload.position ?? Float64Array.from({ length: workload.keyCount }, () => random.next());
    this.layOut();
  }

  /** The minute happens: loads, copies, what has become due. Answers the load of each host with the cost of copies. */
  step(minute: number): Float64Array {
    this.takeEffect(minute);
    this.hostsChange(minute);
    this.count(minute);
    const burden = this.hostLoad.slice();
    for (const copy of this.copies) {
      // what a dead host had is restored from elsewhere
      if (this.fleet.status[copy.from] !== 'dead')
        burden[copy.from]! += this.model.copyCpu * this.model.capacity;
      // the destination takes the new writes as well
      burden[copy.to]! += this.model.copyCpu * this.model.capacity + this.pieceLoad[copy.piece]!;
    }
    return burden;
  }

  order(order: Order, minute: number): boolean {
    const isTaken = this.take(order, minute);
    if (!isTaken) this.done.refused++;
    return isTaken;
  }

  private take(order: Order, minute: number): boolean {
    if (order.kind === 'add-hosts') {
      let added = 0;
      while (added < order.count && this.fleet.order(minute)) added++;
      return added > 0;
    }
    if (order.kind === 'remove-host') return this.fleet.drain(order.host, minute);
    const piece = this.pieces[order.piece];
    const isFree = piece !== undefined && !this.isMoving(order.piece) && !this.isPending(order.piece);
    if (!isFree || (order.kind === 'move' && !this.mayMove(piece, order.to))) return false;
    if (order.kind === 'move') this.startCopy(piece, order.to, minute);
    else this.pending.push({ order, at: minute + this.model.splitMinutes });
    return true;
  }

  isMoving(piece: number): boolean {
    return this.copies.some((copy) => copy.piece === piece);
  }

  copiesAt(host: number): number {
    return this.copies.filter((copy) => copy.from === host || copy.to === host).length;
  }

  bytesOf(piece: number): number {
    const { retentionMinutes, bytesPerEvent } = this.model;
    return (this.held[piece]?.[0] ?? 0) * retentionMinutes * bytesPerEvent;
  }

  private isPending(piece: number): boolean {
    return this.pending.some(({ order }) => order.piece === piece);
  }

  private mayMove(piece: Piece, to: number): boolean {
    const { movesPerHost } = this.model;
    const isSourceFree = this.fleet.status[piece.host] === 'dead' || this.copiesAt(piece.host) < movesPerHost;
    const isThere = this.fleet.status[to] === 'active' && to !== piece.host;
    return isThere && isSourceFree && this.copiesAt(to) < movesPerHost;
  }

  private startCopy(piece: Piece, to: number, minute: number): void {
    const bytes = this.bytesOf(piece.id);
    const perMinute = this.model.copySpeed * this.model.capacity * this.model.bytesPerEvent;
    const doneAt = minute + 1 + Math.ceil(bytes / perMinute);
    this.copies.push({ piece: piece.id, from: piece.host, to, bytes, doneAt });
  }

  private hostsChange(minute: number): void {
    if (minute === this.workload.hostDiesAt) {
      this.fleet.die(DIES, minute);
      for (let i = this.copies.length - 1; i >= 0; i--)
        if (this.copies[i]!.from === DIES || this.copies[i]!.to === DIES) this.copies.splice(i, 1);
    }
    const owned: number[] = this.fleet.status.map(() => 0);
    for (const { host } of this.pieces) owned[host]!++;
    this.fleet.step(minute, owned);
  }

  private takeEffect(minute: number): void {
    for (let i = this.copies.length - 1; i >= 0; i--)
      if (this.copies[i]!.doneAt <= minute) this.arrive(this.copies.splice(i, 1)[0]!, minute);
    const due = this.pending.filter(({ at }) => at <= minute);
    this.pending = this.pending.filter(({ at }) => at > minute);
    for (const { order } of due) {
      if (order.kind === 'split') this.split(this.pieces[order.piece]!, order.parts, minute);
      if (order.kind === 'split-key') this.splitKey(this.pieces[order.piece]!, order.key, order.ways, minute);
    }
  }

  private arrive(copy: Copy, minute: number): void {
    const piece = this.pieces[copy.piece]!;
    this.done.moves++;
    this.done.bytes += copy.bytes;
    const isReversal = this.history.some(
      (past) => past.piece === piece.id && past.from === copy.to && minute - past.at <= this.reversalMinutes,
    );
    if (isReversal) this.done.reversals++;
    this.history.push({ piece: piece.id, from: copy.from, at: minute });
    piece.cameFrom = copy.from;
    piece.host = copy.to;
    piece.movedAt = minute;
    piece.moves++;
  }

  /** Into parts of equal recent load, between keys. */
  private split(piece: Piece, parts: number, minute: number): void {
    let rest = piece.keys;
    for (let left = parts; left > 1 && rest.length > 1; left--) {
      const cut = this.cutOf(rest, 1 / left);
      this.adopt(rest.slice(0, cut), piece, minute);
      rest = rest.slice(cut);
    }
    this.assign(piece, rest);
    piece.reshapedAt = minute;
  }

  /** The first so many keys that carry at least this part of the load; never none, never all. */
  private cutOf(keys: readonly number[], part: number): number {
    const sum = keys.reduce((total, key) => total + this.keyRate[key]!, 0);
    let carried = 0;
    for (let i = 0; i < keys.length - 1; i++) {
      const own = this.keyRate[keys[i]!]!;
      if (carried + own / 2 >= part * sum && i > 0) return i;
      carried += own;
    }
    return keys.length - 1;
  }

  /** The key leaves its range and is spread over as many pieces, by its events' ids. */
  private splitKey(piece: Piece, key: number, ways: number, minute: number): void {
    const others = piece.keys.filter((other) => other !== key);
    const share = piece.share / ways;
    if (others.length > 0) this.adopt(others, piece, minute);
    piece.share = share;
    this.assign(piece, [key]);
    for (let way = 1; way < ways; way++) this.adopt([key], piece, minute, share);
    piece.reshapedAt = minute;
  }

  private adopt(keys: number[], parent: Piece, minute: number, share = parent.share): void {
    const child: Piece = {
      ...parent,
      id: this.pieces.length,
      keys: [],
      share,
      bornAt: minute,
      reshapedAt: minute,
    };
    this.pieces.push(child);
    this.done.splits++;
    if (parent.keys.length === 1 && parent.keys[0] === keys[0])
      for (const key of keys) this.piecesOfKey[key]!.push(child.id);
    else
      for (const key of keys)
        this.piecesOfKey[key] = this.piecesOfKey[key]!.map((id) => (id === parent.id ? child.id : id));
    child.keys = keys;
    this.held[child.id] = Float64Array.of(keys.reduce((sum, key) => sum + share * this.keyRate[key]!, 0));
    this.pieceLoad = grown(this.pieceLoad, this.pieces.length);
  }

  private assign(piece: Piece, keys: number[]): void {
    piece.keys = keys;
    this.held[piece.id] = Float64Array.of(
      keys.reduce((sum, key) => sum + piece.share * this.keyRate[key]!, 0),
    );
  }

  private count(minute: number): void {
    const { start, key, count } = this.workload;
    this.pieceLoad.fill(0);
    this.keyLast.fill(0);
    for (let at = start[minute]!; at < start[minute + 1]!; at++) {
      const own = key[at]!;
      this.keyLast[own]! += count[at]!;
      for (const piece of this.piecesOfKey[own]!)
        this.pieceLoad[piece]! += count[at]! * this.pieces[piece]!.share;
    }
    for (let k = 0; k < this.keyRate.length; k++)
      this.keyRate[k] = KEY_MEMORY * this.keyRate[k]! + (1 - KEY_MEMORY) * this.keyLast[k]!;
    this.hostLoad.fill(0);
    const weight = 1 / this.model.retentionMinutes;
    for (const piece of this.pieces) {
      const load = this.pieceLoad[piece.id]!;
      this.hostLoad[piece.host]! += load;
      this.held[piece.id]![0] = (1 - weight) * this.held[piece.id]![0]! + weight * load;
    }
  }

  private layOut(): void {
    const { hosts, startShardletsPerHost } = this.model;
    const { position } = this;
    const count = hosts * startShardletsPerHost;
    for (let id = 0; id < count; id++) {
      const never = Number.NEGATIVE_INFINITY;
      const fresh = { share: 1, bornAt: never, movedAt: never, reshapedAt: never, cameFrom: -1, moves: 0 };
      this.pieces.push({ id, host: id % hosts, keys: [], ...fresh });
    }
    const order = [...position.keys()].sort((a, b) => position[a]! - position[b]!);
    for (const key of order) {
      const piece = Math.floor(position[key]! * count);
      this.pieces[piece]!.keys.push(key);
      this.piecesOfKey[key]!.push(piece);
    }
    this.pieceLoad = new Float64Array(count);
    for (const piece of this.pieces) this.assign(piece, piece.keys);
    for (const piece of this.pieces)
      for (const key of piece.keys) {
        this.pieceLoad[piece.id]! += this.keyRate[key]!;
        this.hostLoad[piece.host]! += this.keyRate[key]!;
      }
  }
}

function grown(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(length);
  result.set(values);
  return result;
}
