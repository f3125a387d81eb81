/** A PostgreSQL host as a fixture: a database, emptied for every test, with its clock in the test's hands. */
import { createDatabase } from '@foreshard/local';
import pg from 'pg';
import type { HostFixture, MakeFixture } from '../../hosts/contract/fixture.ts';
import { connectPostgresHost } from './postgres-host.ts';

const EMPTY = `
  TRUNCATE foreshard.host, foreshard.replica, foreshard.record, foreshard.id_set, foreshard.id;
  UPDATE foreshard.progress SET n = 0;
  INSERT INTO foreshard.host DEFAULT VALUES;`;

export interface PostgresFixtures {
  readonly make: MakeFixture;
  /** of the database that all of them use */
  readonly url: string;
  end(): Promise<void>;
}

export async function postgresFixtures(serverUrl: string, database: string): Promise<PostgresFixtures> {
  const url = await createDatabase(serverUrl, database);
  const connect = (options: object) =>
    connectPostgresHost({ url, expectedIncarnation: undefined, ...options });
  await (await connect({})).close();
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();

  const make = async (options: object): Promise<HostFixture> => {
    await admin.query(EMPTY);
    let host = await connect(options);
    return {
      host,
      setClock: async (micros) => {
        await admin.query('UPDATE foreshard.host SET clock = $1', [micros]);
      },
      memoryLimit: undefined,
      reopen: async () => {
        await host.close();
        host = await connect(options);
        return host;
      },
      watched: (watch) => connect({ ...options, watch }),
      close: () => host.close(),
    };
  };
  return { make, url, end: () => admin.end() };
}
