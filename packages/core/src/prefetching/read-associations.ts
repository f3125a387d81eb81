/**
 * Which objects are read soon after which. An object that was followed by another within the next reads of the same reader, in most of its last
 * visits, announces it. After the idea of MITHRIL (Yang et al., "Mining sporadic associations for cache prefetching", SoCC 2017): what is
 * between the two does not matter, so readers that interleave do not hide it. Counts are halved as they grow, so habits that
 * end are forgotten. How often announcements of a class came true is counted, and is their probability: one visit says little, and how
 * little depends on who reads; the object that was read longest ago is forgotten when there are too many.
 */

export interface AssociationOptions {
  readonly objectsMax: number;
  /** so many reads later counts as soon after */
  readonly window: number;
  readonly readersMax: number;
}

export interface Announced {
  readonly id: string;
  readonly probability: number;
}

const FOLLOWERS_MAX = 8;
/** Classes by visits (1, 2, 3 to 4, 5 to 8 ...) and by the share of them that the other followed. */
const VISIT_CLASSES = 5;
const SHARE_CLASSES = 10;
/** What is not known yet of a class counts as so many announcements that came true by half. */
const PRIOR = 4;
const VISITS_HALVED_AT = 64;

interface Followed {
  visits: number;
  readonly ids: string[];
  readonly counts: number[];
}

/** A visit of an object, with what has followed it so far: each counts once. */
interface Visit {
  readonly id: string;
  readonly seen: Set<string>;
  /** by object: the class of the announcement */
  readonly announced: ReadonlyMap<string, number>;
}

export class ReadAssociations {
  private readonly options: AssociationOptions;
  private readonly objects = new Map<string, Followed>();
  /** by reader, the one that read last at the end */
  private readonly recent = new Map<string, Visit[]>();
  /** by class */
  private readonly made = new Float64Array(VISIT_CLASSES * SHARE_CLASSES);
  private readonly came = new Float64Array(VISIT_CLASSES * SHARE_CLASSES);

  constructor(options: AssociationOptions) {
    this.options = options;
  }

  /** It is read now. Returns what was read soon after it before, likeliest first. */
  observe(id: string, reader = ''): Announced[] {
    const visits = this.visitsOf(reader);
    for (const visit of visits) this.learn(visit, id);
    const followed = this.visit(id);
    const announced = classesOf(followed);
    visits.push({ id, seen: new Set([id]), announced });
    if (visits.length > this.options.window) this.judge(visits.shift()!);
    return [...announced]
      .map(([other, of]) => ({ id: other, probability: this.probabilityOf(of) }))
      .sort((a, b) => b.probability - a.probability);
  }

  private probabilityOf(of: number): number {
    return (this.came[of]! + PRIOR / 2) / (this.made[of]! + PRIOR);
  }

  /** Its window is over. */
  private judge({ seen, announced }: Visit): void {
    for (const [id, of] of announced) {
      this.made[of]!++;
      if (seen.has(id)) this.came[of]!++;
    }
  }

  private learn({ id, seen }: Visit, next: string): void {
    const followed = this.objects.get(id);
    if (followed === undefined || seen.has(next)) return;
    seen.add(next);
    const { ids, counts } = followed;
    const place = ids.indexOf(next);
    if (place >= 0) counts[place]!++;
    else if (ids.length < FOLLOWERS_MAX) {
      ids.push(next);
      counts.push(1);
    } else replaceLeast(ids, counts, next);
  }

  private visit(id: string): Followed {
    const followed = this.objects.get(id) ?? { visits: 0, ids: [], counts: [] };
    this.objects.delete(id);
    this.objects.set(id, followed);
    if (this.objects.size > this.options.objectsMax) this.objects.delete(first(this.objects));
    if (++followed.visits >= VISITS_HALVED_AT) {
      followed.visits /= 2;
      followed.counts.splice(0, FOLLOWERS_MAX, ...followed.counts.map((count) => count / 2));
    }
    return followed;
  }

  private visitsOf(reader: string): Visit[] {
    const visits = this.recent.get(reader) ?? [];
    this.recent.delete(reader);
    this.recent.set(reader, visits);
    if (this.recent.size > this.options.readersMax) this.recent.delete(first(this.recent));
    return visits;
  }
}

/** Whoever comes once wears the rarest down, and takes its place when nothing is left of it. */
function replaceLeast(ids: string[], counts: number[], next: string): void {
  let least = 0;
  for (let i = 1; i < counts.length; i++) if (counts[i]! < counts[least]!) least = i;
  counts[least]!--;
  if (counts[least]! > 0) return;
  ids[least] = next;
  counts[least] = 1;
}

/** Of the visits before this one, which has had no chance yet. */
function classesOf({ visits, ids, counts }: Followed): Map<string, number> {
  const before = visits - 1;
  if (before < 1) return new Map();
  const ofVisits = Math.min(VISIT_CLASSES - 1, Math.ceil(Math.log2(before)));
  const classOf = (count: number) =>
    ofVisits * SHARE_CLASSES + Math.min(SHARE_CLASSES - 1, Math.floor((SHARE_CLASSES * count) / before));
  return new Map(ids.map((id, i) => [id, classOf(Math.max(0, counts[i]!))]));
}

function first(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value!;
}
