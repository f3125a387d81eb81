/** What a PostgreSQL is asked outside of its work as a host: by who judges or examines it. */
import { Client } from 'pg';

const CONNECT_WITHIN_MS = 5_000;

export function postgresSettings(url: string): Promise<Record<string, string>> {
  return asking(url, async (client) => {
    const { rows } = await client.query<{ name: string; setting: string }>(
      'SELECT name, setting FROM pg_settings',
    );
    return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
  });
}

/** Where host.sql keeps it. */
export function createFloor(url: string): Promise<number> {
  return asking(url, async (client) => {
    const { rows } = await client.query('SELECT create_floor AS floor FROM foreshard.host');
    return Number(rows[0]?.floor ?? 0);
  });
}

async function asking<T>(url: string, ask: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    return await ask(client);
  } finally {
    await client.end().catch(() => {});
  }
}
