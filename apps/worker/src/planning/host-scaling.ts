/**
 * Carries approved changes of the number of hosts out: what can be done in the topology store is done here (drain,
 * remove), the server itself is started and stopped by the provider. What is told about it is what the topology store
 * shows.
 */
import {
  type HostOrder,
  type HostOrders,
  type HostProvider,
  JOINS_WITHIN_MS,
  joinedOf,
  orderOf,
  type RecommendationRecord,
} from '@foreshard/core/advising';
import { type Operator, requestDrain } from '@foreshard/core/moves';
import type { NotificationStore } from '@foreshard/core/notifying';
import { removeHost, type TopologyMap } from '@foreshard/core/topology';

export interface HostScalingParts {
  readonly provider: HostProvider;
  /** name of the target that is told, where the provider is a webhook */
  readonly webhook: string | undefined;
  readonly orders: HostOrders;
  readonly notifications: Pick<NotificationStore, 'queue' | 'delivery' | 'targets'>;
  readonly operator: Operator;
  readonly map: () => Promise<TopologyMap>;
  readonly nowMs: () => number;
}

export type Progress = { readonly kind: 'running' | 'done' | 'failed'; readonly result: string };

export class HostScaling {
  private readonly parts: HostScalingParts;

  constructor(parts: HostScalingParts) {
    this.parts = parts;
  }

  async start(record: RecommendationRecord): Promise<Progress> {
    const { provider, webhook, orders, operator, map, nowMs } = this.parts;
    const order = orderOf(record, await map(), provider, nowMs());
    if (order === undefined) return failed(`host ${record.body.source} is not there any more`);
    if (provider === 'webhook') {
      const obstacle = await this.targetMissing();
      if (obstacle !== undefined) return failed(obstacle);
    }
    if (order.kind === 'remove') {
      const reply = await requestDrain(operator, order.host!, 'draining');
      if (reply.kind === 'refused' && reply.refusal.reason !== 'changed') return failed(reply.refusal.detail);
    }
    await orders.add(order);
    if (provider === 'webhook' && order.kind === 'add') await this.queue(order, record, webhook!);
    return this.progress(record);
  }

  /** How far it has come; what is due in the topology store is done on the way. */
  async progress(record: RecommendationRecord): Promise<Progress> {
    const { orders, map } = this.parts;
    const order = await orders.find(record.id);
    if (order === undefined) return failed('its order is lost');
    return order.kind === 'add' ? this.adding(order, await map()) : this.removing(order, record, await map());
  }

  private async adding(order: HostOrder, map: TopologyMap): Promise<Progress> {
    const { orders, nowMs } = this.parts;
    const { count, recommendation, createdMs } = order;
    const joined = joinedOf(order, map);
    const names = joined.map(({ name }) => name).join(', ');
    if (joined.length >= count) {
      await orders.report(recommendation, 'done', order.detail);
      return { kind: 'done', result: `${names} joined; the next plan uses ${count === 1 ? 'it' : 'them'}` };
    }
    const reported = await this.reportedOf(order);
    const sofar = `${joined.length} of ${count} ${count === 1 ? 'host has' : 'hosts have'} joined${reported.result}`;
    if (reported.kind === 'failed') return failed(sofar);
    if (nowMs() - createdMs > JOINS_WITHIN_MS) {
      await orders.report(recommendation, 'failed', 'nobody joined in time');
      return failed(`${sofar}; no more is waited for after an hour`);
    }
    return { kind: 'running', result: sofar };
  }

  private async removing(
    order: HostOrder,
    record: RecommendationRecord,
    map: TopologyMap,
  ): Promise<Progress> {
    const { operator, orders, provider, webhook } = this.parts;
    const { hostName, recommendation } = order;
    const host = map.host(order.host!);
    if (host !== undefined) {
      if (host.state !== 'draining') {
        await orders.report(recommendation, 'failed', 'the host stays');
        return failed(`${hostName} is not drained any more: somebody took it back`);
      }
      const left = [...map.shardlets()].filter(
        ({ owner, state }) => owner === host.id && state.kind !== 'gone',
      );
      if (left.length > 0)
        return { kind: 'running', result: `${hostName} drains: ${left.length} shardlets left` };
      const reply = await operator.topology.decide(removeHost(host.id), operator.actor);
      if (reply.kind === 'refused')
        return { kind: 'running', result: `${hostName}: ${reply.refusal.detail}` };
    }
    if (provider === 'webhook') await this.queue(order, record, webhook!);
    const reported = await this.reportedOf(order);
    const gone = `${hostName} is out of the cluster`;
    if (order.provider === 'none') {
      await orders.report(recommendation, 'done', '');
      return { kind: 'done', result: `${gone}: stop its server` };
    }
    return { kind: reported.kind, result: `${gone}${reported.result}` };
  }

  /** What the provider has to say. */
  private async reportedOf(order: HostOrder): Promise<Progress> {
    const { orders, notifications } = this.parts;
    const { recommendation, provider, kind, state, detail } = order;
    if (provider === 'none') {
      const how = 'start one and add it with "foreshard hosts add URL"';
      return { kind: 'running', result: kind === 'add' ? `; ${how}` : '' };
    }
    if (provider === 'local') {
      const words = detail === '' ? '; this machine is asked' : `; ${detail}`;
      return { kind: state === 'asked' ? 'running' : state, result: words };
    }
    const delivery = await notifications.delivery(deliveryOf(order));
    const last = delivery?.attempts.at(-1);
    const answer =
      last === undefined ? '' : ` (${last.status ?? 'no answer'} ${last.response.slice(0, 200)})`;
    if (delivery?.state === 'failed') {
      await orders.report(recommendation, 'failed', 'the webhook was not taken');
      return failed(`; ${delivery.target} did not take the request${answer}`);
    }
    if (delivery?.state !== 'delivered')
      return { kind: 'running', result: `; being told to ${delivery?.target}${answer}` };
    if (kind === 'remove') await orders.report(recommendation, 'done', '');
    const taken = `; ${delivery.target} has taken the request${answer}`;
    return { kind: kind === 'remove' ? 'done' : 'running', result: taken };
  }

  private async targetMissing(): Promise<string | undefined> {
    const { webhook, notifications } = this.parts;
    const targets = await notifications.targets();
    return targets.some(({ name }) => name === webhook)
      ? undefined
      : `there is no target "${webhook}" of notifications, which FORESHARD_HOST_WEBHOOK names`;
  }

  private async queue(order: HostOrder, { body }: RecommendationRecord, target: string): Promise<void> {
    const { notifications, nowMs } = this.parts;
    const { kind, count, zone, host, hostName, hostUrl, recommendation } = order;
    const what =
      kind === 'add'
        ? { count, zone }
        : { host: { id: host, name: hostName, address: new URL(hostUrl).host } };
    const message = {
      type: kind === 'add' ? 'foreshard.hosts.add' : 'foreshard.hosts.remove',
      timestamp: new Date(order.createdMs).toISOString(),
      data: { recommendation, ...what, reason: body.reason },
    };
    const title = kind === 'add' ? `Add ${count === 1 ? 'a host' : `${count} hosts`}` : `Stop ${hostName}`;
    const delivery = { id: deliveryOf(order), target, title, createdMs: nowMs() };
    await notifications.queue({ ...delivery, body: JSON.stringify(message) }, []);
  }
}

/** The same at every attempt to ask, so that a receiver starts one host and not two. */
function deliveryOf({ recommendation, kind }: HostOrder): string {
  return `msg_hosts_${recommendation}_${kind}`;
}

function failed(result: string): Progress {
  return { kind: 'failed', result };
}
