/** foreshard doctor: looks at every server of the cluster and says what is wrong and how to mend it. */
import type { Command } from 'commander';
import { controlAccess } from '../credentials.ts';
import { EXIT_FAILURE } from '../failure.ts';
import type { Finding } from '../hosts/finding.ts';
import { tableOf } from '../table.ts';
import { examine } from './examination.ts';

export function register(program: Command): void {
  program
    .command('doctor')
    .description('look at PostgreSQL, the control Redis and every host, and say how to mend what is wrong')
    .option('--json', 'one JSON document', false)
    .action(async ({ json }: { json: boolean }) => {
      const findings = await examine(controlAccess());
      process.stdout.write(json ? `${JSON.stringify(findings)}\n` : `${shown(findings)}\n`);
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
  return `${tableOf(rows)}\n\n${problems} problems, ${warnings} warnings`;
}
