/** foreshard plan: what the planner would do with a cluster that is described in a file. Nothing is changed. */
import {
  type ClusterState,
  clusterStateSchema,
  compileState,
  documentOf,
  type PlanDocument,
  type Policy,
  plan,
  policySchema,
  SKIP_WORDS,
  skippedInWords,
} from '@foreshard/core/planning';
import type { Command } from 'commander';
import { print } from '../output.ts';
import { tableOf } from '../table.ts';
import { readAs } from './document.ts';

interface Flags {
  readonly state: string;
  readonly policy?: string;
  readonly json: boolean;
}

const EXAMPLE = `
Example of a state (docs/planning.md names every field):
  {
    "version": 1,
    "now": "2026-03-01T17:00:00Z",
    "hosts": [
      { "id": "a", "capacity": { "eventsPerSecond": 1000 } },
      { "id": "b", "capacity": { "eventsPerSecond": 1000 } }
    ],
    "shardlets": [
      { "id": "1", "host": "a", "load": { "eventsPerSecond": 500 }, "bytes": 2000000,
        "forecast": [{ "aheadMinutes": 40, "quantiles": { "0.5": 600, "0.9": 700 } }] },
      { "id": "2", "host": "a", "load": { "eventsPerSecond": 400 } }
    ]
  }`;

export function register(program: Command): void {
  program
    .command('plan')
    .description(
      'what the planner would do with a cluster described in a file; changes nothing, needs no server',
    )
    .requiredOption('--state <FILE.json>', 'hosts, shardlets, loads and forecasts')
    .option('--policy <FILE.json>', 'thresholds that differ from the defaults')
    .option('--json', 'one JSON document', false)
    .addHelpText('after', EXAMPLE)
    .action(async (flags: Flags) => {
      const state = readAs(flags.state, clusterStateSchema);
      const policy = flags.policy === undefined ? policySchema.parse({}) : readAs(flags.policy, policySchema);
      const document = documentOf(planOf(state, policy), policy);
      await print(flags.json ? `${JSON.stringify(document)}\n` : shown(document));
    });
}

function planOf(state: ClusterState, policy: Policy) {
  return plan(compileState(state, policy), policy, Date.parse(state.now));
}

export function shown(document: PlanDocument): string {
  const { before, after, recommendations, nothingBecause } = document;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const lines = [
    `hottest host ${percent(before.hottest)} -> ${percent(after.hottest)} of capacity, hot hosts ${before.hotHosts} -> ${after.hotHosts}, shardlets ${before.shardlets} -> ${after.shardlets}`,
  ];
  if (before.crossHostShare !== null)
    lines.push(
      `queries across hosts ${percent(before.crossHostShare)} -> ${percent(after.crossHostShare ?? 0)}`,
    );
  if (nothingBecause !== null) return `${lines.join('\n')}\nnothing to do, because ${nothingBecause}\n`;
  const rows = recommendations.map((one) => ({
    step: one.step,
    action: one.action,
    shardlet: one.shardlets[0] ?? '-',
    from: one.source ?? '-',
    to: one.destination ?? '-',
    urgency: one.urgency,
    gain: one.gain === null ? '-' : one.gain.expected.toPrecision(3),
    why: one.reason,
  }));
  const hosts = document.hosts.map(
    ({ phase, host, reason }) =>
      `${phase}: ${host === null ? 'the cluster' : `host ${host}`}: ${SKIP_WORDS[reason]}`,
  );
  const left = skippedInWords(document.skipped).map((words) => `left alone: ${words}`);
  return `${[...lines, tableOf(rows), ...hosts, ...left].join('\n')}\n`;
}
