/**
 * Puts the schema and the functions of sql/ into a database that lacks them, and what the schema has got
 * since then. A lock lets one of many processes do it. Released functions are never edited, they get a new
 * version beside the old one, which processes of an older release go on using; a text that differs in the
 * same version is one under development, and takes the place of the old one.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';

/** Of the functions: 2 since every answer carries the progress of the host, 3 since there is `news`. */
export const VERSION = 3;
/** The files name the functions v1_*; they are installed under the name of this version. */
const NAMED = /\bforeshard\.v1_/g;
const FUNCTION_FILES = ['common', 'progress', 'id-sets', 'append', 'owning', 'copying', 'reading'];
/** Class 'fore', as in common.sql. */
const LOCK = [1_718_579_813, 3];

export async function install(client: ClientBase): Promise<void> {
  const functions = FUNCTION_FILES.map(sqlFile).join('\n').replaceAll(NAMED, `foreshard.v${VERSION}_`);
  const sha256 = createHash('sha256').update(functions).digest('hex');
  if (await isInstalled(client, sha256)) return;
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', LOCK);
    if (!(await hasSchema(client))) await client.query(sqlFile('schema'));
    await client.query(sqlFile('upgrade'));
    if (!(await isInstalled(client, sha256))) await replaceFunctions(client, functions, sha256);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

function sqlFile(name: string): string {
  return readFileSync(new URL(`./sql/${name}.sql`, import.meta.url), 'utf8');
}

async function hasSchema(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query("SELECT to_regclass('foreshard.installation') IS NOT NULL AS there");
  return rows[0].there;
}

async function isInstalled(client: ClientBase, sha256: string): Promise<boolean> {
  if (!(await hasSchema(client))) return false;
  const installed = 'SELECT FROM foreshard.installation WHERE version = $1 AND sha256 = $2';
  return (await client.query(installed, [VERSION, sha256])).rowCount === 1;
}

async function replaceFunctions(client: ClientBase, functions: string, sha256: string): Promise<void> {
  const { rows } = await client.query(
    `SELECT p.oid::regprocedure::text AS signature FROM pg_proc p
     WHERE p.pronamespace = 'foreshard'::regnamespace AND p.proname LIKE 'v${VERSION}\\_%'`,
  );
  for (const { signature } of rows) await client.query(`DROP FUNCTION ${signature}`);
  await client.query(functions);
  await client.query(
    `INSERT INTO foreshard.installation (version, sha256) VALUES ($1, $2)
     ON CONFLICT (version) DO UPDATE SET sha256 = excluded.sha256`,
    [VERSION, sha256],
  );
}
