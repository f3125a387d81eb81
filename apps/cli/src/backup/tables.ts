/**
 * Which tables belong to the topology store, and how their rows travel. They are found in the database, so that a
 * table that a later migration adds is in the backup unless it is named here as a record of the past that the
 * topology store can do without.
 */
import type { Client } from 'pg';

/** measurements and their roll-ups: large, and made anew while the cluster runs */
const HISTORY = /^(telemetry|load|usage|access|instance|profile|health|correlation)_/;
const MIGRATIONS_TABLE = '_prisma_migrations';

/** In an order in which rows can be written: what others refer to comes first. */
export async function tablesOf(client: Client, withTelemetry: boolean): Promise<string[]> {
  const { rows } = await client.query<{ name: string; refers: string[] }>(
    `SELECT c.relname AS name, coalesce(array_agg(f.confrelid::regclass::text)
         FILTER (WHERE f.oid IS NOT NULL AND f.confrelid <> c.oid), '{}')::text[] AS refers
       FROM pg_class c
       LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
      WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> $1
      GROUP BY c.oid, c.relname ORDER BY c.relname`,
    [MIGRATIONS_TABLE],
  );
  const wanted = rows.filter(({ name }) => withTelemetry || !HISTORY.test(name));
  return inOrder(new Map(wanted.map(({ name, refers }) => [name, refers])));
}

export async function migrationsOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM ${MIGRATIONS_TABLE}
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Writes rows that are given as JSON; columns that they do not name get their defaults. */
export async function insertRows(client: Client, table: string, rows: readonly string[]): Promise<void> {
  const columns = Object.keys(JSON.parse(rows[0]!)).map(quoted).join(', ');
  await client.query(
    `INSERT INTO ${quoted(table)} (${columns})
     SELECT ${columns} FROM json_populate_recordset(NULL::${quoted(table)}, $1::json)`,
    [`[${rows.join(',')}]`],
  );
}

/** Numbers that are given next come after those of the rows that are there; none is given twice. */
export async function advanceSequences(client: Client, tables: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string; column: string; sequence: string }>(
    `SELECT c.relname AS name, a.attname AS column, d.objid::regclass::text AS sequence
       FROM pg_depend d
       JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
       JOIN pg_class c ON c.oid = d.refobjid
       JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1)`,
    [tables],
  );
  for (const { name, column, sequence } of rows)
    await client.query(
      `SELECT setval($1, greatest(max(${quoted(column)}), (SELECT last_value FROM ${sequence})))
         FROM ${quoted(name)} HAVING count(*) > 0`,
      [sequence],
    );
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function inOrder(refers: ReadonlyMap<string, readonly string[]>): string[] {
  const placed = new Set<string>();
  const place = (name: string): void => {
    if (placed.has(name) || !refers.has(name)) return;
    for (const other of refers.get(name)!) place(other);
    placed.add(name);
  };
  for (const name of refers.keys()) place(name);
  return [...placed];
}
