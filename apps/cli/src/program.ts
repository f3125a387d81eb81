/** Puts the topics of the command together, and turns failures into one line and an exit code. */
import { diskFull, SetupFailure } from '@foreshard/local';
import { Command, CommanderError } from 'commander';
import { register as registerAccess } from './access/index.ts';
import { register as registerAdvice } from './advice/index.ts';
import { register as registerAnnotations } from './annotations/index.ts';
import { register as registerAnticipation } from './anticipating/index.ts';
import { register as registerAudit } from './audit/index.ts';
import { register as registerBackup } from './backup/index.ts';
import { register as registerBuilding } from './building/index.ts';
import { register as registerCache } from './cache/index.ts';
import { register as registerClusters } from './clusters/index.ts';
import { register as registerConsuming } from './consuming/index.ts';
import { register as registerCorrelation } from './correlation/index.ts';
import { register as registerDatabase } from './database/index.ts';
import { register as registerDemo } from './demo/index.ts';
import { register as registerDoctor } from './doctor/index.ts';
import { register as registerEvents } from './events/index.ts';
import { CommandFailure, documentOf, EXIT_BAD_INPUT, EXIT_FAILURE, type FailureDocument } from './failure.ts';
import { register as registerForecast } from './forecast-models/index.ts';
import { register as registerForecasts } from './forecast-service/index.ts';
import { register as registerHealth } from './health/index.ts';
import { register as registerHints } from './hints/index.ts';
import { register as registerHosts } from './hosts/index.ts';
import { register as registerJobs } from './jobs/index.ts';
import { register as registerLocal } from './local/index.ts';
import { register as registerNotifications } from './notifications/index.ts';
import { renamed } from './old-names.ts';
import { writeErr, writeOut } from './output.ts';
import { register as registerPlanning } from './planning/index.ts';
import { register as registerQuotas } from './quotas/index.ts';
import { register as registerReplay } from './replay/index.ts';
import { register as registerRestructure } from './restructure/index.ts';
import { register as registerStreams } from './streams/index.ts';
import { register as registerTelemetry } from './telemetry/index.ts';
import { register as registerTokens } from './tokens/index.ts';
import { register as registerUsers } from './users/index.ts';

/** failures of core whose message says everything; by name, so that their modules load only where they are used */
const TELLING: readonly string[] = [
  'DatabaseUnreachable',
  'ControlRedisUnreachable',
  'MigrationRefused',
  'HostUnreachable',
];

const TOPICS = [
  registerLocal,
  registerEvents,
  registerConsuming,
  registerReplay,
  registerDoctor,
  registerDemo,
  registerBuilding,
  registerDatabase,
  registerForecast,
  registerForecasts,
  registerCorrelation,
  registerAnticipation,
  registerHints,
  registerAnnotations,
  registerPlanning,
  registerAdvice,
  registerNotifications,
  registerClusters,
  registerBackup,
  registerHealth,
  registerJobs,
  registerHosts,
  registerStreams,
  registerTokens,
  registerAudit,
  registerUsers,
  registerQuotas,
  registerCache,
  registerRestructure,
  registerTelemetry,
  // adds to what is registered above
  registerAccess,
];

/** Every command there is. */
export function foreshardProgram(): Command {
  const program = new Command('foreshard')
    .description('Foreshard moves the shard before the load arrives.')
    .version('0.1.0')
    .configureOutput({ writeOut, writeErr })
    .showHelpAfterError('(--help lists what there is)')
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 bad input.\nWith --json a command prints one JSON document, a failure one on stderr.',
    );
  for (const register of TOPICS) register(program);
  for (const command of withSubcommands(program)) command.exitOverride();
  return program;
}

/** Runs one command, given as `process.argv` is; answers its exit code. */
export async function runForeshard(argv: readonly string[]): Promise<number> {
  try {
    const notify = (line: string) => writeErr(`foreshard: ${line}\n`);
    await foreshardProgram().parseAsync(renamed(argv, notify));
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error, argv.includes('--json'));
  }
}

export function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function report(error: unknown, asJson: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // the text for people is written already
    if (asJson) writeDocument(documentOf(error.message, EXIT_BAD_INPUT));
    return EXIT_BAD_INPUT;
  }
  const { message, exitCode, document = documentOf(message, exitCode) } = explain(error);
  if (asJson) writeDocument(document);
  else writeErr(`foreshard: ${message}\n`);
  return exitCode;
}

function writeDocument(error: FailureDocument): void {
  writeErr(`${JSON.stringify({ error })}\n`);
}

function below(details: string): string {
  return details === '' ? '' : `\n${details}`;
}

interface Explained {
  readonly message: string;
  readonly exitCode: number;
  readonly document?: FailureDocument;
}

function explain(error: unknown): Explained {
  if (error instanceof SetupFailure)
    return { message: `${error.message}: ${error.cure}${below(error.details)}`, exitCode: EXIT_FAILURE };
  if (error instanceof CommandFailure) return error;
  if (TELLING.includes((error as Error).name))
    return { message: (error as Error).message, exitCode: EXIT_FAILURE };
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return explain(diskFull());
  // not foreseen: whoever mends it needs the place
  const unforeseen = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: unforeseen, exitCode: EXIT_FAILURE };
}
