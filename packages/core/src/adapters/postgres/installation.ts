/**
 * Puts the schema and the functions of sql/ into a database that lacks them. A lock lets one of many
 * processes do it. Released functions are never edited, they get a new version; a text that differs is
 * one under development, and takes the place of the old one.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';

const VERSION = 1;
const FUNCTION_FILES = ['common', 'id-sets', 'append', 'owning', 'copying', 'reading'];
/** Class 'fore', as in common.sql. */
const LOCK = [1_718_579_813, 3];

export async function install(client: ClientBase): Promise<void> {
  const functions = FUNCTION_FILES.map(sqlFile).join('\n');
  const sha256 = createHash('sha256').update(functions).digest('hex');
  if (await isInstalled(client, sha256)) return;
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', LOCK);
    if (!(await hasSchema(client))) await client.query(sqlFile('schema'));
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
