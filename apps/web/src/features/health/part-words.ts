/** The parts of a score in words, and their raw values with units that people read. */
import type { PartScore } from '@foreshard/core/profiling';
import { type LoadPlace, loadPlace } from '@foreshard/core/telemetry';
import { formatCount, formatPercent, formatRate } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';

type Part = PartScore['part'];

export const PART_NAMES: Record<Part, string> = {
  reachable: 'Reachable',
  loadSkew: 'Load',
  hotKey: 'Heaviest key',
  latency: 'Append p99',
  errors: 'Refused',
  idSets: 'Id sets',
  sizeSkew: 'Record sizes',
  fullness: 'Fullness',
  staleness: 'Freshness',
  growth: 'Full in',
  durability: 'Durability',
};

export const PART_MEANINGS: Record<Part, string> = {
  reachable: 'whether it takes events; if not, the score is 0',
  loadSkew: 'its events against the average of its like',
  hotKey: 'share of its events that one key has',
  latency: '99th percentile of the time an append takes',
  errors: 'share of events that were refused',
  idSets: 'sets that are looked into for each event',
  sizeSkew: 'skewness of the sizes of its records',
  fullness: 'used share of the limit of its host',
  staleness: 'since anything was told about it',
  growth: 'at the present growth',
  durability: 'whether an acknowledged write survives a crash',
};

const HOURS_FAR = 24 * 90;

export function rawText({ part, raw }: Pick<PartScore, 'part' | 'raw'>): string {
  if (raw === null) return 'not known';
  switch (part) {
    case 'reachable':
      return raw === 1 ? 'yes' : 'no: its host takes no events now';
    case 'loadSkew':
      return `${formatRate(raw)}× the average`;
    case 'hotKey':
    case 'errors':
    case 'fullness':
      return formatPercent(raw);
    case 'latency':
      return raw < 1_000 ? `${Math.round(raw)} µs` : `${formatRate(raw / 1_000)} ms`;
    case 'staleness':
      return formatDuration(raw * 1_000);
    case 'growth':
      return raw > HOURS_FAR ? 'not in sight' : formatDuration(raw * 3_600_000);
    case 'durability':
      return raw === 1
        ? 'keeps all'
        : raw > 0
          ? 'may lose the last second'
          : 'not known: its host takes no events now';
    case 'idSets':
      return formatCount(raw);
    case 'sizeSkew':
      return formatRate(raw);
  }
}

const PLACE_WORDS: Record<LoadPlace, string | undefined> = {
  hotKey: 'One hot key: a split beside it does not help.',
  fewKeys: 'A few heavy keys: split the range between them.',
  hotRange: 'A hot range: many keys share the load.',
  hot: 'It stands out, and its keys are not known.',
  even: 'It carries about what the others carry.',
  unknown: undefined,
};

/** How the load of a shardlet stands among its like, by the same rules as on the heat map; undefined: not known. */
export function placeWords(parts: readonly Pick<PartScore, 'part' | 'raw'>[]): string | undefined {
  const raw = (wanted: Part) => parts.find(({ part }) => part === wanted)?.raw ?? undefined;
  return PLACE_WORDS[loadPlace({ times: raw('loadSkew'), topKeyShare: raw('hotKey') })];
}
