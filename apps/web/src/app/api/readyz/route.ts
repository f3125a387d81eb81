import { consoleServer } from '../../../server/main.ts';

export const dynamic = 'force-dynamic';

/** The console has read the topology once; after that it shows what it has, with its age. */
export function GET(): Response {
  const server = consoleServer();
  if (server.map.map === undefined)
    return Response.json({ status: 'waiting', for: 'PostgreSQL (topology)' }, { status: 503 });
  return Response.json({ status: 'ready', mapVersion: server.map.map.version });
}
