/** foreshard anticipation: what workers learned of the order of events. */
import { anticipation, type OutputOf } from '@foreshard/core/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';

const HELP = `
Workers learn which events follow which where the policy says so: anticipation.sample_share is the part of the
keys whose events are learned, and 0 at first.`;

interface Options extends OperationOptions {
  readonly stream: string;
  readonly type?: string;
  readonly limit?: number;
  readonly types?: number;
}

export function register(program: Command): void {
  const group = program
    .command('anticipation')
    .description('which events follow which, and what keys do next, as workers learned it')
    .addHelpText('after', HELP);
  operating(group.command('status'), anticipation.status)
    .description('what is learned, by whom, and how often it is right')
    .option('--stream <name>', 'of this stream', 'main')
    .action(status);
  operating(group.command('map'), anticipation.map)
    .description('which events are expected, of which keys, in which shardlets, and when')
    .option('--stream <name>', 'of this stream', 'main')
    .option('--type <type>', 'only events of this type')
    .option('--limit <number>', 'at most so many', wholeNumber)
    .action(map);
  operating(group.command('prefetching'), anticipation.prefetching)
    .description('what edges fetch before anybody asks, and what it brings')
    .action(prefetching);
  operating(group.command('matrix'), anticipation.matrix)
    .description('which types follow which, and after what time')
    .option('--stream <name>', 'of this stream', 'main')
    .option('--types <number>', 'so many types, the most frequent', wholeNumber)
    .action(matrix);
  operating(group.command('surges'), anticipation.surges)
    .description('bursts that other events announce, with the evidence and how such announcements turned out')
    .option('--stream <name>', 'of this stream', 'main')
    .action(surges);
}

async function surges({ stream, ...options }: Options): Promise<void> {
  const found = await runOperation(anticipation.surges, { stream }, options);
  if (options.json) return printJson(found);
  await print(`${surgesHeadline(found)}\n`);
  const rows = found.announced.map((one) => ({
    ...{ cause: one.cause, keys: `${one.target.from.toFixed(3)} to ${one.target.to.toFixed(3)}` },
    ...{ probability: percent(one.probability), 'events/s': one.eventsPerSecond.toPrecision(3) },
    ...{ expected: one.expectedAt, came: one.cameAt ?? 'not yet', ends: one.endsAt },
    evidence: `${one.evidence.hits} of ${one.evidence.causes}, by chance ${one.evidence.byChance.toFixed(1)}`,
  }));
  printRows(rows, false, 'nothing is announced');
}

function surgesHeadline({ figures, kinds, reserve }: OutputOf<typeof anticipation.surges>): string {
  if (figures === null) return 'Nothing was learned yet.';
  const kept = reserve === 0 ? 'No room is kept: anticipation.reserve is 0.' : `Room is kept by ${reserve}.`;
  return `${kinds} kinds of events announce bursts. ${figures.came} of ${figures.announced} announcements came, ${figures.burstsAnnounced} of ${figures.bursts} bursts were announced. ${kept}`;
}

async function status({ stream, ...options }: Options): Promise<void> {
  const found = await runOperation(anticipation.status, { stream }, options);
  if (options.json) return printJson(found);
  await print(`${headline(found)}\n`);
  const rows = found.slices.map((one) => ({
    ...{ slice: one.slice, holder: one.holder ?? 'nobody', learned: one.learned, dropped: one.dropped },
    ...{ behind: one.behind, keys: one.keys, types: one.types, saved: one.savedAt ?? 'not yet' },
  }));
  printRows(rows, false, '');
}

function headline({ isOn, isLearned, wanted, hits }: OutputOf<typeof anticipation.status>): string {
  if (!isOn) return 'Nothing is learned. Set anticipation.sample_share of the policy.';
  if (!isLearned) return 'This stream is not learned yet.';
  if (wanted > 0) return `${wanted} more events until something can be said.`;
  return `The next type was the likeliest of ${percent(hits.hit1)} of events of late, among three of ${percent(hits.hit3)}; "most frequent" ${percent(hits.frequent1)} and ${percent(hits.frequent3)}.`;
}

async function map({ stream, type, limit, ...options }: Options): Promise<void> {
  const asked = {
    stream,
    ...(type === undefined ? {} : { type }),
    ...(limit === undefined ? {} : { limit }),
  };
  const found = await runOperation(anticipation.map, asked, options);
  if (options.json) return printJson(found);
  const rows = found.keys.map((one) => ({
    ...{ type: one.type, key: one.key, shardlet: one.shardlet, probability: percent(one.probability) },
    expected: one.expectedAt ?? 'unknown',
  }));
  printRows(rows, false, 'nothing is expected');
}

async function prefetching(options: OperationOptions): Promise<void> {
  const { edges } = await runOperation(anticipation.prefetching, {}, options);
  if (options.json) return printJson({ edges });
  const shareOf = (part: number, reads: number) => (reads === 0 ? '-' : percent(part / reads));
  const rows = edges.flatMap((edge) =>
    Object.entries(edge.sources).map(([source, of]) => ({
      ...{ edge: edge.process, source, 'fetched, B': of.fetchedBytes, 'used, B': of.usedBytes },
      ...{ 'wasted, B': of.wastedBytes, 'saved, ms': Math.round(of.savedMs) },
    })),
  );
  printRows(rows, false, 'no edge reports');
  for (const { process, reads, standing, ...edge } of edges)
    await print(
      `${process}: hits ${shareOf(edge.hits, reads)}, without the map ${shareOf(edge.cacheHits, reads)}, plain LRU ${shareOf(edge.lruHits, reads)}. ${STANDINGS[standing]}\n`,
    );
}

const STANDINGS = {
  off: 'Nothing is fetched for the map: anticipation.prefetch_threshold of the policy is 0.',
  trial: 'What is fetched for the map is being measured.',
  worth: 'Fetching for the map is worth it.',
  aside:
    'Nothing is fetched for the map: it did not beat read-ahead and the cache alone. It is tried again a day later.',
} as const;

async function matrix({ stream, types, ...options }: Options): Promise<void> {
  const asked = { stream, ...(types === undefined ? {} : { types }) };
  const found = await runOperation(anticipation.matrix, asked, options);
  if (options.json) return printJson(found);
  const rows = found.pairs.map((one) => ({
    ...{ from: one.from, to: one.to, samples: one.samples },
    coefficient: one.isEnough ? one.coefficient.toFixed(2) : 'too few',
    'lag, ms': `${one.lagMs.p50} (${one.lagMs.p10} to ${one.lagMs.p90})`,
  }));
  printRows(rows, false, 'no key has two events');
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('a whole number, such as 20');
  return Number(text);
}
