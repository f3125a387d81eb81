/** What stands in deploy/: settings that exist, probes that the processes have, units that systemd accepts. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { services } from '../../../apps/cli/src/local/services.ts';
import { readSettings as readUp } from '../../../apps/cli/src/local/settings.ts';
import { environment as ofEdge } from '../../../apps/edge/src/settings.ts';
import { environment as ofWeb } from '../../../apps/web/src/server/settings.ts';
import { environment as ofWorker } from '../../../apps/worker/src/process/settings.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const DEPLOY = join(ROOT, 'deploy');
const SYSTEMD = '/usr/bin/systemd-analyze';
const KNOWN = [
  ...[ofEdge, ofWorker, ofWeb].flatMap(({ shape }) => Object.keys(shape)),
  // of deploy/healthy.mjs, and of the other servers of compose.yaml
  ...['FORESHARD_HEALTH_URL', 'POSTGRES_DB', 'POSTGRES_PASSWORD', 'REDIS_PASSWORD'],
];
const SETTING = /\b(?:DATABASE|REDIS|TOPOLOGY|EDGE|WORKER|WEB|FORESHARD|CHECKPOINT|POSTGRES)_[A-Z][A-Z_]+\b/g;

const filesOf = async (folder: string) =>
  (await readdir(join(DEPLOY, folder), { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name));
const FILES = (await Promise.all(['.', 'systemd', 'kubernetes'].map(filesOf))).flat();
const textOf = (file: string) => readFile(join(DEPLOY, file), 'utf8');

// biome-ignore lint/suspicious/noExplicitAny: whatever stands in the files
async function documentsOf(file: string): Promise<any[]> {
  const documents = parseAllDocuments(await textOf(file), { merge: true });
  expect((documents as { errors: unknown[] }[]).flatMap(({ errors }) => errors)).toEqual([]);
  return (documents as { toJS(): unknown }[]).map((document) => document.toJS());
}

test.each(FILES)('%s names settings that exist', async (file) => {
  const named = [...(await textOf(file)).matchAll(SETTING)].map(([name]) => name);
  expect(named.filter((name) => !KNOWN.includes(name))).toEqual([]);
});

describe('Kubernetes', () => {
  const all = services(readUp({}));

  test.each(all)('$name has the command, port and probes of the process', async (service) => {
    const [deployment, front] = await documentsOf(`kubernetes/${service.name}.yaml`);
    const [container] = deployment.spec.template.spec.containers;
    const { port } = service.listener;
    expect(container.ports).toEqual([{ name: 'http', containerPort: port }]);
    expect(front.spec.ports[0].port).toBe(port);
    expect(container.livenessProbe.httpGet.path).toBe(service.livePath);
    expect(container.readinessProbe.httpGet.path).toBe(service.readyPath);
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
    });
    const main = container.command[1].replace(/^(\.\.\/)+/, '');
    expect(join(ROOT, main)).toBe(service.args[0]);
  });

  test('the kustomization lists every manifest', async () => {
    const [{ resources }] = await documentsOf('kubernetes/kustomization.yaml');
    const others = (await filesOf('kubernetes')).map((file) => file.slice('kubernetes/'.length));
    expect([...resources, 'kustomization.yaml'].sort()).toEqual(others.sort());
  });
});

test('compose.yaml waits for the migrations, and only loopback reaches it', async () => {
  const [{ services: all }] = await documentsOf('compose.yaml');
  for (const name of ['edge', 'worker', 'console']) {
    expect(all[name].depends_on.migrate.condition).toBe('service_completed_successfully');
    expect(all[name].read_only).toBe(true);
    for (const port of all[name].ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
});

test.skipIf(!existsSync(SYSTEMD))(
  'systemd accepts the units (skipped where there is no systemd-analyze)',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foreshard-units-'));
    try {
      const units = await filesOf('systemd');
      // they name the folder of an installation: what they start is here
      for (const unit of units)
        await writeFile(
          join(folder, unit.slice('systemd/'.length)),
          (await textOf(unit)).replaceAll('/opt/foreshard/', ROOT),
        );
      const paths = units.map((unit) => join(folder, unit.slice('systemd/'.length)));
      const { stderr } = await promisify(execFile)(SYSTEMD, ['verify', '--man=no', ...paths]);
      expect(stderr.split('\n').filter((line) => line.includes('foreshard'))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
