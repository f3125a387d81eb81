/** foreshard clusters add. */
import { addCluster, type PrometheusSource, prometheusSchema } from '@foreshard/core/external';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { clusterDesk } from './desk.ts';
import { type LoadOptions, loadOf, report } from './import.ts';
import { readFiles } from './load-files.ts';

interface AddOptions extends LoadOptions {
  readonly webhook?: string;
  readonly prometheus?: string;
  readonly query?: string;
  readonly partitionLabel: string;
  readonly hostLabel: string;
}

export async function add(name: string, options: AddOptions): Promise<void> {
  const source = sourceOf(options);
  const files = await readFiles(options);
  const { webhook = null } = options;
  await withControl(async (control) => {
    const request = { name, source, webhook, ...loadOf(files, options) };
    await report(control, name, await addCluster(clusterDesk(control), request), options);
  });
}

function sourceOf({
  csv,
  prometheus: url,
  query,
  partitionLabel,
  hostLabel,
}: AddOptions): PrometheusSource | null {
  if ((csv === undefined) === (url === undefined))
    throw badInput('a cluster is described by its load: give --csv FILE, or --prometheus URL with --query');
  if (url === undefined) return null;
  const parsed = prometheusSchema.safeParse({ url, query, partitionLabel, hostLabel });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw badInput(`--${path[0] === 'url' ? 'prometheus' : String(path[0])}: ${message}`);
}
