/** foreshard clusters: clusters that are not ours, to be observed, forecast and advised. */
import { SHIFTS } from '@foreshard/core/external';
import { clusters } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import { operating } from '../operations/run-operation.ts';
import { idOf } from '../restructure/arguments.ts';
import { SECRETLY } from '../secret-input.ts';
import { add } from './add.ts';
import { importLoad } from './import.ts';
import { listClusters, removeCluster, showCluster } from './listing.ts';
import { showPlan } from './plan.ts';
import { setWebhook } from './webhook.ts';

const FORMATS = `
Load, in any order; each line holds until the next of its partition:
  time,partition,host,events_per_second[,bytes_per_second,bytes]
  2026-11-21T04:00:00Z,orders-0,broker-1,812.5
Hosts; of one that is not there the policy says what it takes:
  host,events_per_second[,bytes_per_second,memory_bytes,zone]
  broker-1,5000`;

export function register(program: Command): void {
  const group = program
    .command('clusters')
    .description('clusters that are not ours: load from a CSV, forecasts, advice, actions by webhook');
  operating(group.command('list', { isDefault: true }), clusters.list)
    .description('the clusters, and how far their load is known')
    .action(listClusters);
  loading(operating(group.command('add'), clusters.add))
    .description('describe a cluster by its load; longer records than an edge takes: --direct')
    .option(
      '--prometheus <url>',
      `instead of --csv: its load is read from there, every minute; with a password or a token: ${SECRETLY}`,
    )
    .option('--query <promql>', 'events a second, one series for each partition')
    .option('--partition-label <name>', 'of these series', 'partition')
    .option('--host-label <name>', 'of these series', 'host')
    .option('--webhook <target>', 'who is told what was approved: a target of "foreshard notifications"')
    .action(add);
  loading(operating(group.command('import'), clusters.importLoad))
    .description(
      'take in newer load; what is known already is left out; longer records than an edge takes: --direct',
    )
    .option('--replace', 'remove what was recorded before, and begin anew', false)
    .action(importLoad);
  operating(group.command('show'), clusters.show)
    .description('hosts, partitions and where they lie, as JSON')
    .argument('<name>')
    .action(showCluster);
  operating(group.command('plan'), clusters.plan)
    .description('plan it now, and change nothing; --state: what the planner sees, for "foreshard plan"')
    .argument('<name>')
    .option('--state', 'print the state that is planned on', false)
    .action(showPlan);
  operating(group.command('webhook'), clusters.change)
    .description('who is told what was approved; without a target nobody, and people carry it out')
    .argument('<name>')
    .argument('[target]', 'a target of "foreshard notifications"')
    .action(setWebhook);
  operating(group.command('remove'), clusters.remove)
    .description('forget a cluster and its load')
    .argument('<name>')
    .action(removeCluster);
}

function loading(command: Command): Command {
  return command
    .argument('<name>')
    .option('--csv <file>', 'its load')
    .option('--hosts <file>', 'what its hosts can take')
    .option('--step <seconds>', 'how long one line holds; found out from the file without it', idOf)
    .addOption(
      new Option(
        '--shift <how>',
        'auto: a record that ended long ago is moved so that it ends now; none; end-now',
      )
        .choices(SHIFTS)
        .default('auto'),
    )
    .addHelpText('after', FORMATS);
}
