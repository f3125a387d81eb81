/** foreshard clusters add. */
import { type PrometheusSource, prometheusSchema } from '@foreshard/core/external';
import { clusters } from '@foreshard/core/operations';
import { badInput } from '../failure.ts';
import { runOperation } from '../operations/run-operation.ts';
import { addressFrom } from '../secret-input.ts';
import { addDirectly } from './direct.ts';
import { directLoad, how, type LoadOptions, loadOf, report } from './import.ts';
import { readFiles } from './load-files.ts';

interface AddOptions extends LoadOptions {
  readonly webhook?: string;
  readonly prometheus?: string;
  readonly query?: string;
  readonly partitionLabel: string;
  readonly hostLabel: string;
}

export async function add(name: string, options: AddOptions): Promise<void> {
  const source = await sourceOf(options);
  const files = await readFiles(options);
  const { webhook = null } = options;
  if (options.direct)
    return report(await addDirectly({ name, source, webhook, ...directLoad(files, options) }), options);
  const input = {
    ...{ name, ...loadOf(files, options), ...how(options) },
    ...(source === null ? {} : { prometheus: source }),
    ...(files.capacities.length === 0 ? {} : { hosts: [...files.capacities] }),
    ...(webhook === null ? {} : { webhook }),
  };
  return report(await runOperation(clusters.add, input, options), options);
}

async function sourceOf({
  csv,
  prometheus: given,
  query,
  partitionLabel,
  hostLabel,
}: AddOptions): Promise<PrometheusSource | null> {
  if ((csv === undefined) === (given === undefined))
    throw badInput('a cluster is described by its load: give --csv FILE, or --prometheus URL with --query');
  if (given === undefined) return null;
  const url = await addressFrom(given, 'the address of --prometheus');
  const parsed = prometheusSchema.safeParse({ url, query, partitionLabel, hostLabel });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw badInput(`--${path[0] === 'url' ? 'prometheus' : String(path[0])}: ${message}`);
}
