/** What the runs of a demo were, as a table and a line. */
import { type DemoStatus, medianText } from '@foreshard/core/demo';
import { tableOf } from '../table.ts';

export function summaryText(status: DemoStatus): string {
  const { summary, runs, seed, machinePerSecond, hostPerSecond } = status;
  const rows = runs.flatMap(({ number, arm, result }) =>
    result === null
      ? []
      : [
          {
            run: number,
            forecast: arm,
            sent: result.sent,
            refused: result.refused,
            'late (over 1 s)': result.late,
            'p50 ms': result.p50,
            'p99 ms': result.p99,
            'seconds overloaded': result.overloadSeconds,
            moves: result.moves,
          },
        ],
  );
  if (rows.length === 0) return 'No run of a demo has ended.\n';
  const where = `Each host takes ${hostPerSecond} events/s of it, by a limit of the edge; this machine took ${machinePerSecond}. Seed ${seed}.`;
  const p99 =
    summary === null
      ? []
      : [
          `p99: ${medianText(summary.with.p99)} ms with the forecast, ${medianText(summary.without.p99)} ms without it`,
        ];
  const headline = summary === null ? [] : [`${summary.headline}.`];
  return `${[tableOf(rows), '', ...headline, ...p99.map((line) => `${line}.`), where].join('\n')}\n`;
}
