/**
 * Plain Markov chains of orders 0 to 4 over the types of each key, exact and without forgetting: what the model is compared with.
 * All orders share one tree of suffixes. A context that never came answers with the next shorter one, and a short list
 * is filled up from there; types that came equally often stand in the order in which they got there.
 */
export const MARKOV_ORDER_MAX = 4;
/** Contexts beyond these are not kept: the comparison is for logs, not for streams without end. */
const NODES_MAX = 2_000_000;
/** the key's history has no event before this one */
const START = -1;

interface Node {
  readonly types: number[];
  readonly counts: number[];
  readonly places: Map<number, number>;
  children: Map<number, Node> | undefined;
}

export class MarkovChains {
  private readonly root = node();
  private readonly histories = new Map<string, number[]>();
  private nodes = 1;

  /** The `most` likeliest types by the chain of an order, best first. */
  rank(key: string, order: number, most: number): number[] {
    const ranked: number[] = [];
    const path = this.pathOf(key, order);
    for (let i = path.length - 1; i >= 0 && ranked.length < most; i--)
      for (const type of path[i]!.types) {
        if (ranked.length === most) break;
        if (!ranked.includes(type)) ranked.push(type);
      }
    return ranked;
  }

  learn(key: string, type: number): void {
    const path = this.pathOf(key, MARKOV_ORDER_MAX);
    for (const each of path) count(each, type);
    const history = this.histories.get(key) ?? [START];
    this.grow(path, history, type);
    history.push(type);
    if (history.length > MARKOV_ORDER_MAX) history.shift();
    this.histories.set(key, history);
  }

  /** The contexts met before, from order 0 up. */
  private pathOf(key: string, order: number): Node[] {
    const history = this.histories.get(key) ?? [START];
    const path = [this.root];
    for (let i = 1; i <= Math.min(order, history.length); i++) {
      const next = path[i - 1]!.children?.get(history[history.length - i]!);
      if (next === undefined) break;
      path.push(next);
    }
    return path;
  }

  private grow(path: Node[], history: readonly number[], type: number): void {
    let deepest = path.at(-1)!;
    for (let i = path.length; i <= Math.min(MARKOV_ORDER_MAX, history.length); i++) {
      if (this.nodes >= NODES_MAX) return;
      const child = node();
      this.nodes++;
      count(child, type);
      deepest.children ??= new Map();
      deepest.children.set(history[history.length - i]!, child);
      deepest = child;
    }
  }
}

function node(): Node {
  return { types: [], counts: [], places: new Map(), children: undefined };
}

/** The lists stay in order: the type moves before all that have the count it had. */
function count({ types, counts, places }: Node, type: number): void {
  const at = places.get(type);
  if (at === undefined) {
    places.set(type, types.length);
    types.push(type);
    counts.push(1);
    return;
  }
  const first = firstBelow(counts, counts[at]! + 1, at);
  const other = types[first]!;
  types[at] = other;
  places.set(other, at);
  types[first] = type;
  places.set(type, first);
  counts[first]!++;
}

/** The first place whose count is below `count`, in a list that falls; `end` at most. */
function firstBelow(counts: readonly number[], count: number, end: number): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (counts[middle]! < count) high = middle;
    else low = middle + 1;
  }
  return low;
}
