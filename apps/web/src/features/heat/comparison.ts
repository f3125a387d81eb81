/** Two parts of a picture side by side, in words: each figure of both, and how they differ. */
import { formatPercent, formatRate } from '../../formatting/numbers.ts';
import { formatMoment, type Zone } from '../../formatting/time.ts';
import type { HeatCell } from '../../server/heat/heat-cell.ts';
import { columnStartMs, type HeatCells, type Margins } from './heat-cells.ts';
import { figuresOf, type HeatPart } from './heat-part.ts';
import { formatValue, METRIC_TITLES } from './heat-words.ts';
import { placeWords } from './key-names.ts';

interface ComparisonLine {
  readonly name: string;
  readonly a: string;
  readonly b: string;
  /** how B is to A; undefined: that says nothing */
  readonly difference?: string;
}

/** Of a part, from the server; undefined: not there yet. */
type Under = Pick<HeatCell, 'owners' | 'topKeys'> | undefined;

export function comparisonLines(
  cells: HeatCells,
  margins: Margins,
  [a, b]: readonly [HeatPart, HeatPart],
  [underA, underB]: readonly [Under, Under],
  zone: Zone,
): ComparisonLine[] {
  const [x, y] = [figuresOf(cells, margins, a), figuresOf(cells, margins, b)];
  const value = (n: number) => formatValue(cells.metric, n);
  const share = (n: number | undefined) => (n === undefined ? 'not known' : formatPercent(n));
  const forecast = (n: number | undefined) => (n === undefined ? 'none' : formatValue('forecast', n));
  const moment = ({ left }: HeatPart) => formatMoment(columnStartMs(cells, left), zone);
  return [
    { name: 'From', a: moment(a), b: moment(b) },
    { name: 'Keys', a: placeWords(cells.rows, a), b: placeWords(cells.rows, b) },
    line(METRIC_TITLES[cells.metric], value(x.average), value(y.average), times(x.average, y.average)),
    line('Share of its time', share(x.share), share(y.share), points(x.share, y.share)),
    line('Highest', value(x.peak), value(y.peak), times(x.peak, y.peak)),
    line('Forecast', forecast(x.forecast), forecast(y.forecast), times(x.forecast, y.forecast)),
    line('Hottest keys', hottest(underA), hottest(underB), sameWords(hottest(underA), hottest(underB))),
    line('Hosts now', hosts(underA), hosts(underB), sameWords(hosts(underA), hosts(underB))),
  ];
}

function line(name: string, a: string, b: string, difference: string | undefined): ComparisonLine {
  return { name, a, b, ...(difference === undefined ? {} : { difference }) };
}

/** "3.2 times", "the same"; nothing is no number of times anything. */
function times(a: number | undefined, b: number | undefined): string | undefined {
  if (a === undefined || b === undefined || !(a > 0) || !(b >= 0)) return undefined;
  const ratio = b / a;
  return Math.abs(ratio - 1) < 0.05 ? 'about the same' : `${formatRate(ratio)} times A`;
}

const POINT = 0.01;

function points(a: number | undefined, b: number | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  const change = Math.round(Math.abs(b - a) / POINT);
  return change === 0 ? 'about the same' : `${b > a ? '+' : '−'}${change} points`;
}

const LISTED = 3;
const NOT_HERE = '…';

function hottest(under: Under): string {
  if (under === undefined) return NOT_HERE;
  const named = under.topKeys.flatMap(({ key }) => (key === null ? [] : [key])).slice(0, LISTED);
  return named.length === 0 ? 'none stood out' : named.join(', ');
}

function hosts(under: Under): string {
  if (under === undefined) return NOT_HERE;
  const names = under.owners.slice(0, LISTED).map(({ name }) => name);
  const more = under.owners.length - names.length;
  return names.length === 0 ? 'none' : names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function sameWords(a: string, b: string): string | undefined {
  return a === b && a !== NOT_HERE ? 'the same' : undefined;
}
