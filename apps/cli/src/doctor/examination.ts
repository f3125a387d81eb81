/** What the doctor looks at, in the order in which one thing rests on another. */

import type { MigrationRefused } from '@foreshard/core/adapters/prisma';
import { type Finding, judgeControlRedis, judgePostgres, ok, problem } from '@foreshard/core/hosts';
import { pendingMigrations, postgresSettings, redisFacts } from '../composition.ts';
import { type ControlAccess, dataDir } from '../credentials.ts';
import { withControl } from '../deciding.ts';
import { examineState, STANDS_STILL } from './database-state.ts';
import { examineDisk, examineEngineDisk } from './disk-space.ts';
import { examineHosts } from './host-examination.ts';

const DATABASE = 'PostgreSQL of the topology store';
const CONTROL_REDIS = 'control Redis';

export async function examine(access: ControlAccess): Promise<Finding[]> {
  const findings = [
    ...(await examineDatabase(access.databaseUrl)),
    ...(await examineControlRedis(access.redisUrl)),
    ...(await examineDisk('this machine', dataDir())),
  ];
  // hosts are known from the topology store only
  if (findings.some(hidesHosts)) return findings;
  return [...findings, ...(await withControl(examineHosts, access))];
}

function hidesHosts({ subject, level, what }: Finding): boolean {
  return subject === DATABASE && level === 'problem' && what !== STANDS_STILL;
}

async function examineDatabase(url: string): Promise<Finding[]> {
  try {
    const facts = await postgresSettings(url);
    const settings = judgePostgres(DATABASE, facts);
    const pending = await pendingMigrations(url);
    const migrations =
      pending.length === 0
        ? ok(DATABASE, 'all migrations are applied')
        : problem(
            DATABASE,
            `${pending.length} migrations are not applied: this release misses their tables`,
            'apply them: foreshard migrate',
          );
    // the state is read from tables that a migration makes
    const state = pending.length === 0 ? await examineState(DATABASE, url) : [];
    return [
      ...settings,
      migrations,
      ...state,
      ...(await examineEngineDisk(DATABASE, url, facts.data_directory)),
    ];
  } catch (error) {
    return [databaseProblem(error as Error)];
  }
}

/** By its name, as the module of the class needs Prisma's client, which a fresh checkout has to generate first. */
function databaseProblem(error: Error): Finding {
  if (error.name !== 'MigrationRefused')
    return problem(DATABASE, error.message, 'start it, or mend DATABASE_URL');
  const { reason, cure } = error as MigrationRefused;
  return problem(DATABASE, reason, cure);
}

async function examineControlRedis(url: string): Promise<Finding[]> {
  try {
    return judgeControlRedis(CONTROL_REDIS, await redisFacts(url));
  } catch (error) {
    return [
      problem(
        CONTROL_REDIS,
        `it does not answer: ${(error as Error).message}`,
        'start it, or mend REDIS_URL',
      ),
    ];
  }
}
