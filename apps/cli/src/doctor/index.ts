/** foreshard doctor: looks at every server of the cluster and says what is wrong and how to mend it. */

import type { Finding } from '@foreshard/core/hosts';
import type { Command } from 'commander';
import { controlAccess } from '../credentials.ts';
import { withControl } from '../deciding.ts';
import { badInput, EXIT_FAILURE } from '../failure.ts';
import { counted, writeOut } from '../output.ts';
import { addressFrom, SECRETLY } from '../secret-input.ts';
import { tableOf } from '../table.ts';
import { type AfterRestoreOptions, afterRestore } from './after-restore/after-restore.ts';
import { examine } from './examination.ts';

interface Options extends AfterRestoreOptions {
  readonly afterRestore: boolean;
}

export function register(program: Command): void {
  program
    .command('doctor')
    .description('look at PostgreSQL, the control Redis and every host, and say how to mend what is wrong')
    .option('--json', 'one JSON document', false)
    .option(
      '--after-restore',
      'compare a restored topology store with every host, and let it decide again',
      false,
    )
    .option('--confirm', 'with --after-restore: write the proposed rows without asking', false)
    .option(
      '--host <url...>',
      `with --after-restore: hosts that joined after the backup; one with a password: ${SECRETLY}`,
      [],
    )
    .action(async ({ json, ...options }: Options) => {
      if (options.afterRestore) {
        const host = await Promise.all(options.host.map((url) => addressFrom(url, 'the address of --host')));
        return withControl((control) => afterRestore(control, { json, ...options, host }));
      }
      if (options.confirm || options.host.length > 0)
        throw badInput('--confirm and --host belong to --after-restore');
      const findings = await examine(controlAccess());
      writeOut(json ? `${JSON.stringify(findings)}\n` : `${shown(findings)}\n`);
      if (findings.some((finding) => finding.level === 'problem')) process.exitCode = EXIT_FAILURE;
    });
}

function shown(findings: readonly Finding[]): string {
  const problems = findings.filter((finding) => finding.level === 'problem').length;
  const warnings = findings.filter((finding) => finding.level === 'warning').length;
  const rows = findings.map(({ level, subject, what, cure }) => ({
    level,
    subject,
    what,
    cure: cure || null,
  }));
  return `${tableOf(rows)}\n\n${counted(problems, 'problem')}, ${counted(warnings, 'warning')}`;
}
