/** One line that says what a plan does for whom, as a person would: "These 4 moves take host-3 from 443 % to 79 % before 20:00". */
import type { Recommendation } from '../planning/index.ts';
import type { PlanSummary } from './plan-picture.ts';

export interface HeadlineWords {
  /** of a host, by its id */
  readonly nameOf: (host: string) => string;
  /** "20:00", as the reader writes times */
  readonly timeOf: (atMs: number) => string;
  readonly nowMs: number;
}

type Part = Pick<Recommendation, 'action' | 'phase' | 'source' | 'hosts' | 'prepares'>;
type Summary = Pick<PlanSummary, 'focus' | 'overloadAt'>;

export function headlineOf(parts: readonly Part[], summary: Summary, words: HeadlineWords): string {
  const only = parts.length === 1 ? 'This' : 'These';
  const those = `${only} ${countsOf(parts)}`;
  const verb = (one: string, several: string) => (parts.length === 1 ? one : several);
  if (parts.length === 0) return 'Nothing is left of this plan';
  const special = ofOneKind(parts, words);
  if (special !== undefined) return special;
  const { focus } = summary;
  if (focus === null || percent(focus.before) === percent(focus.after))
    return `${those} ${verb('keeps', 'keep')} load and data within the limits of the policy`;
  const added = parts.length === 1 && parts[0]!.action === 'add-hosts' ? (parts[0]!.hosts ?? 1) : 0;
  const change = `${words.nameOf(focus.host)} from ${percent(focus.before)} to ${percent(focus.after)}`;
  if (added > 0) return `Add ${counted(added, 'host')}: ${change}${deadline(parts, summary, words)}`;
  return `${those} ${verb('takes', 'take')} ${change}${deadline(parts, summary, words)}`;
}

function deadline(parts: readonly Part[], { overloadAt }: Summary, { timeOf, nowMs }: HeadlineWords): string {
  const peaks = parts.flatMap(({ prepares }) => (prepares === undefined ? [] : Date.parse(prepares.peakAt)));
  const atMs =
    peaks.length > 0 ? Math.min(...peaks) : overloadAt === null ? undefined : Date.parse(overloadAt);
  return atMs === undefined || atMs <= nowMs ? '' : ` before ${timeOf(atMs)}`;
}

/** Plans of one purpose that is not the load of a host. */
function ofOneKind(parts: readonly Part[], { nameOf }: HeadlineWords): string | undefined {
  const all = (of: (part: Part) => boolean) => parts.every(of);
  const sources = [...new Set(parts.flatMap(({ source }) => source ?? []))];
  const hosts = sources.map(nameOf).join(', ');
  const count = parts.length;
  if (all(({ phase }) => phase === 'repair-dead-hosts'))
    return `Give ${counted(count, 'shardlet')} of ${hosts} (dead) a new host`;
  if (all(({ phase }) => phase === 'evacuate-drained'))
    return `Move ${counted(count, 'shardlet')} off ${hosts} (draining)`;
  if (all(({ phase }) => phase === 'place-pinned' || phase === 'spread-zones'))
    return `Move ${counted(count, 'shardlet')} where the placement rules want them`;
  if (all(({ action }) => action === 'roll'))
    return count === 1
      ? 'Start a fresh shardlet for a full one'
      : `Start fresh shardlets for ${count} full ones`;
  if (all(({ action }) => action === 'merge')) return `Merge ${counted(count, 'pair')} of cold neighbours`;
  if (all(({ action }) => action === 'remove-host'))
    return `Give back ${hosts}: the other hosts have room to spare`;
  return undefined;
}

const KINDS: readonly (readonly [Recommendation['action'], string])[] = [
  ['split', 'split'],
  ['split-below-key', 'split by key'],
  ['roll', 'fresh shardlet'],
  ['move', 'move'],
  ['merge', 'merge'],
  ['add-hosts', 'new host'],
  ['remove-host', 'host removal'],
];

/** "2 splits and 4 moves", in the order of the plan's phases; one alone has no number. */
function countsOf(parts: readonly Part[]): string {
  const counts = KINDS.flatMap(([action, name]) => {
    const found = parts.filter((part) => part.action === action);
    const count = action === 'add-hosts' ? sum(found.map(({ hosts = 1 }) => hosts)) : found.length;
    if (count === 0) return [];
    return [parts.length === 1 && count === 1 ? name : counted(count, name)];
  });
  return counts.length < 2 ? counts.join('') : `${counts.slice(0, -1).join(', ')} and ${counts.at(-1)}`;
}

function counted(count: number, name: string): string {
  if (count === 1) return `1 ${name}`;
  const [first, ...rest] = name.split(' by ');
  return [`${count} ${first}s`, ...rest].join(' by ');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
