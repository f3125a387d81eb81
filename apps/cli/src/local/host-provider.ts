/**
 * The provider `local`: hosts that were approved are started on this machine, and ended when the topology store has
 * let them go. Their processes belong to the supervisor like those of the first start: they end with it, and come
 * back with it.
 *
 * A host that is started is remembered before it joins, and one that is to go is let go by the topology store before
 * it is forgotten. So a start after a crash goes on where that was.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type HostOrder, joinedOf } from '@foreshard/core/advising';
import { TopologyMap } from '@foreshard/core/topology';
import { type Control, openControl } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { add as admit } from '../hosts/adding.ts';
import { forgetHost, newHostName, rememberHost, type Stores, startHost } from './servers.ts';
import type { UpSettings } from './settings.ts';
import type { Supervisor } from './supervisor.ts';

const LOOK_EVERY_MS = 2_000;

type Say = (line: string) => void;

/** Goes on until it is ended. */
export function provideHosts(
  stores: Stores,
  settings: UpSettings,
  supervisor: Supervisor,
  ending: AbortSignal,
  say: Say,
): void {
  let lastMessage = '';
  const look = async () => {
    const control = await openControl(stores);
    try {
      while (!ending.aborted) {
        // a database that is away is told once, not every two seconds
        await carryOutAll(control, settings, supervisor, say).then(
          () => (lastMessage = ''),
          (error: Error) => {
            if (error.message !== lastMessage) say(`hosts are not looked after: ${error.message}`);
            lastMessage = error.message;
          },
        );
        await sleep(LOOK_EVERY_MS, undefined, { signal: ending }).catch(() => {});
      }
    } finally {
      await control.close();
    }
  };
  look().catch((error: Error) => say(`hosts are not looked after any more: ${error.message}`));
}

async function carryOutAll(
  control: Control,
  settings: UpSettings,
  supervisor: Supervisor,
  say: Say,
): Promise<void> {
  for (const order of await control.hostOrders.asked('local')) {
    const map = new TopologyMap(await control.topology.snapshot());
    try {
      if (order.kind === 'add') await add(order, map, control, settings, supervisor, say);
      else await remove(order, map, control, settings, supervisor, say);
    } catch (error) {
      const reason = (error as Error).message;
      say(`a host could not be ${order.kind === 'add' ? 'started' : 'ended'}: ${reason}`);
      await control.hostOrders.report(order.recommendation, 'failed', reason);
    }
  }
}

async function add(
  order: HostOrder,
  map: TopologyMap,
  control: Control,
  settings: UpSettings,
  supervisor: Supervisor,
  say: Say,
): Promise<void> {
  const { recommendation, count } = order;
  const names = joinedOf(order, map).map(({ name }) => name);
  while (names.length < count) {
    const name = await newHostName(settings);
    await control.hostOrders.report(recommendation, 'asked', `starting ${name} on this machine`);
    const server = await startHost(settings, name);
    await rememberHost(settings, name);
    await supervisor.keep(name, 'server', server);
    await admit(control, { url: server.url, name, zone: order.zone }).catch(async (error) => {
      // the next start would fail on it
      await forgetHost(settings, name);
      await supervisor.release(name);
      throw error;
    });
    say(`started ${name}, which recommendation ${recommendation} asked for`);
    names.push(name);
  }
  await control.hostOrders.report(recommendation, 'done', `started ${names.join(', ')} on this machine`);
  await control.jobs.wake('plan').catch(() => {});
}

/** Not before the topology store has let it go. */
async function remove(
  { recommendation, host, hostName }: HostOrder,
  map: TopologyMap,
  control: Control,
  settings: UpSettings,
  supervisor: Supervisor,
  say: Say,
): Promise<void> {
  if (map.host(host!) !== undefined) return;
  const wasHere = await forgetHost(settings, hostName);
  await supervisor.release(hostName);
  const detail = wasHere
    ? 'its process has ended, its folder stays'
    : 'it was not started on this machine: stop its server';
  if (wasHere) say(`ended ${hostName}, which recommendation ${recommendation} took out of the cluster`);
  await control.hostOrders.report(recommendation, 'done', detail);
  await control.jobs.wake('plan').catch(() => {});
}

/** At a start: what the topology store let go just before the last end is not taken into use again. */
export function withoutRemoved(
  stores: Stores,
  settings: UpSettings,
  supervisor: Supervisor,
): Promise<Stores> {
  return withControl(async (control) => {
    const map = new TopologyMap(await control.topology.snapshot());
    const orders = await control.hostOrders.asked('local');
    const gone = new Set(
      orders
        .filter(({ kind, host }) => kind === 'remove' && map.host(host!) === undefined)
        .map(({ hostName }) => hostName),
    );
    for (const name of gone) {
      await forgetHost(settings, name);
      await supervisor.release(name);
    }
    const staying = [...stores.hostNames.keys()].filter((index) => !gone.has(stores.hostNames[index]!));
    return {
      ...stores,
      hostNames: staying.map((index) => stores.hostNames[index]!),
      hostUrls: staying.map((index) => stores.hostUrls[index]!),
    };
  }, stores);
}
