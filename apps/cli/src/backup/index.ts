/**
 * foreshard backup and restore: the topology store in a file, and back. Events are not in it: they are on the hosts.
 */
import type { Command } from 'commander';
import { migrate } from '../composition.ts';
import { controlAccess } from '../credentials.ts';
import { writeOut } from '../output.ts';
import { backup } from './backup.ts';
import { type Restored, restore } from './restore.ts';

export function register(program: Command): void {
  program
    .command('backup')
    .description(
      'write the topology store (topology, decisions, hashes of tokens) into a file; events stay on their hosts',
    )
    .argument('<file>')
    .option('--with-telemetry', 'the records of load, profiles and health as well', false)
    .option('--json', 'one JSON document', false)
    .action(async (file: string, { withTelemetry, json }: { withTelemetry: boolean; json: boolean }) => {
      const written = await backup(controlAccess().databaseUrl, file, withTelemetry);
      writeOut(
        json
          ? `${JSON.stringify({ file, ...written })}\n`
          : `${file}: the topology store at version ${written.version}, ${written.rows} rows of ${written.tables.length} tables\n`,
      );
    });
  program
    .command('restore')
    .description(
      'put a backup in the place of the topology store; then "foreshard doctor --after-restore" lets it decide again',
    )
    .argument('<file>')
    .option('--dry-run', 'try everything and change nothing', false)
    .option('--replace', 'throw away what the topology store holds now', false)
    .option('--json', 'one JSON document', false)
    .action(async (file: string, options: { dryRun: boolean; replace: boolean; json: boolean }) => {
      const { databaseUrl } = controlAccess();
      if (!options.dryRun) await migrate(databaseUrl);
      const restored = await restore(databaseUrl, file, options);
      const { json, dryRun } = options;
      writeOut(
        json ? `${JSON.stringify({ file, dryRun, ...restored })}\n` : restoredText(file, dryRun, restored),
      );
    });
}

function restoredText(file: string, dryRun: boolean, { version, backupAtMs, rows }: Restored): string {
  const what = `${file}: the topology store at version ${version} of ${new Date(backupAtMs).toISOString()}, ${rows} rows`;
  if (dryRun) return `${what}; it can be restored, nothing was changed\n`;
  return `${what}\nT decides nothing until you run: foreshard doctor --after-restore\n`;
}
