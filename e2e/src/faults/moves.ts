/** Moves of the shardlets of one stream, as people order them on the command line. */
import { type Cluster, until } from './cluster.ts';

export interface MoveRow {
  readonly id: number;
  readonly shardlet: number;
  readonly result: string | null;
}

export interface Started {
  readonly migration: number;
  readonly shardlet: number;
}

export class Moves {
  private readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.cluster.foreshard(...args, '--json'));
  }

  /** Open shardlets of the stream on a host, by the host's name. */
  async openOn(name: string): Promise<string[]> {
    const { hosts, shardlets } = await this.cluster.map();
    const { id } = hosts.find((host) => host.name === name)!;
    return shardlets.filter((s) => s.owner === id && s.state === 'open').map((s) => String(s.id));
  }

  async start(shardlets: readonly string[], to: string): Promise<readonly Started[]> {
    const order = ['move', ...shardlets, '--to', to, '--reason', 'a test'];
    return (await this.json<{ results: Started[] }>(...order)).results;
  }

  /** To its end, which is returned. */
  async move(shardlet: string, to: string): Promise<string | null> {
    const order = ['move', shardlet, '--to', to, '--reason', 'a test', '--wait'];
    return (await this.json<{ results: MoveRow[] }>(...order)).results[0]!.result;
  }

  /** How they ended. The map is cheaper to ask than the command, so it tells when to ask. */
  async ended(started: readonly Started[]): Promise<(string | null)[]> {
    const ids = started.map(({ migration }) => migration);
    await until('the moves to end', async () => {
      const { shardlets } = await this.cluster.map();
      const moving = shardlets.filter((s) => s.state === 'moving' || s.state === 'closedMoving');
      return !moving.some((s) => started.some(({ shardlet }) => shardlet === s.id));
    });
    let found: MoveRow[] = [];
    await until('the moves to be told as ended', async () => {
      const list = ['migrations', 'list', '--all', '--limit', '500'];
      const { migrations } = await this.json<{ migrations: MoveRow[] }>(...list);
      found = migrations.filter((m) => ids.includes(m.id));
      return found.length === ids.length && found.every((m) => m.result !== null);
    });
    return found.map((m) => m.result);
  }
}
