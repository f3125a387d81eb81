/**
 * An etcd cluster of our own: as many members as asked for (three: one may die), each a process that can be
 * killed and restarted by itself. Every acknowledged write is on the disks of a majority.
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findEtcd } from './etcd-program.ts';
import { freePort } from './free-port.ts';
import { type LocalServer, startServer } from './local-server.ts';

export interface EtcdOptions {
  readonly dir: string;
  readonly members?: number;
}

export interface EtcdCluster {
  /** `etcd://host:port,host:port,...`, as TOPOLOGY_URL takes it */
  readonly url: string;
  readonly members: readonly LocalServer[];
  stop(): Promise<void>;
}

interface Member {
  readonly name: string;
  readonly port: number;
  readonly peerUrl: string;
}

/** Shorter than etcd's defaults (100 and 1,000): on one machine a new leader is found in half a second. */
const TIMES = ['--heartbeat-interval', '50', '--election-timeout', '500'];
const ANSWER_WITHIN_MS = 1_000;

export async function startEtcd(options: EtcdOptions): Promise<EtcdCluster> {
  const members = await Promise.all(Array.from({ length: options.members ?? 3 }, (_, i) => plan(i)));
  const all = members.map((m) => `${m.name}=${m.peerUrl}`).join(',');
  // together: the first one answers only when a majority runs
  const servers = await Promise.all(members.map((m) => startMember(m, all, resolve(options.dir))));
  return {
    url: `etcd://${members.map((m) => `127.0.0.1:${m.port}`).join(',')}`,
    members: servers,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

async function plan(index: number): Promise<Member> {
  const [port, peerPort] = await Promise.all([freePort(), freePort()]);
  return { name: `etcd-${index}`, port, peerUrl: `http://127.0.0.1:${peerPort}` };
}

async function startMember(member: Member, all: string, parent: string): Promise<LocalServer> {
  const dir = join(parent, member.name);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const etcd = await findEtcd();
  const url = `http://127.0.0.1:${member.port}`;
  const args = [
    ...['--name', member.name, '--data-dir', join(dir, 'data')],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', member.peerUrl, '--initial-advertise-peer-urls', member.peerUrl],
    ...['--initial-cluster', all, ...TIMES],
  ];
  return startServer({
    url,
    port: member.port,
    dir,
    answers: () => isHealthy(url),
    spec: {
      name: member.name,
      program: etcd.program,
      args,
      cwd: dir,
      env: etcd.env,
      logFile: join(dir, 'etcd.log'),
      // keeps what it acknowledged, and does not wait seconds for a new leader as its orderly end does
      endSignal: 'SIGKILL',
    },
  });
}

/** Healthy means that it has a leader and can commit. */
async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  return ((await response.json()) as { health?: string }).health === 'true';
}
