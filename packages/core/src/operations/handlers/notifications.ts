/** What is done for operations on notifications. A worker sends; here it is only written down what is to be sent. */
import { ForeshardError } from '../../kernel/index.ts';
import {
  addTarget,
  changeTarget,
  type Delivery,
  type NotificationOperator,
  type NotificationService,
  redeliver,
  type ShownTarget,
  shownTarget,
  testTarget,
} from '../../notifying/index.ts';
import type { Caller } from '../caller.ts';
import type { notifications } from '../notifications.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';

export interface NotificationStores {
  readonly notifications: NotificationService;
}

type TargetDocument = OutputOf<typeof notifications.changeTarget>;
type DeliveryDocument = OutputOf<typeof notifications.showDelivery>;

export function notificationHandlers({
  notifications: service,
}: NotificationStores): RouterHandlers<typeof notifications> {
  const { store } = service;
  const calledBy = ({ actor }: Caller): NotificationOperator => ({ ...service, actor });

  async function targetNamed(name: string): Promise<TargetDocument> {
    const found = (await store.targets()).find((one) => one.name === name);
    if (found === undefined) throw unknownTarget(name);
    return targetDocument(shownTarget(found));
  }

  async function deliveryOf(id: string): Promise<DeliveryDocument> {
    const found = await store.delivery(id);
    if (found === undefined) throw unknownDelivery(id);
    return deliveryDocument(found);
  }

  return {
    async listTargets() {
      return { targets: (await store.targets()).map((one) => targetDocument(shownTarget(one))) };
    },
    async addTarget(request, caller) {
      const reply = await addTarget(calledBy(caller), request);
      if (reply.kind === 'exists')
        throw new ForeshardError('conflict', `There is a target "${request.name}" already.`);
      if (reply.kind === 'refused')
        throw new ForeshardError('invalid_record', reply.detail, { pointer: '/url' });
      return { target: await targetNamed(request.name), secret: reply.secret };
    },
    async changeTarget({ name, enabled, kinds, pauseSeconds }, caller) {
      const change = {
        ...(enabled === undefined ? {} : { enabled }),
        ...(kinds === undefined ? {} : { kinds }),
        ...(pauseSeconds === undefined ? {} : { pauseSeconds }),
      };
      const before = await targetNamed(name);
      if (!(await changeTarget(calledBy(caller), name, change))) throw unknownTarget(name);
      const after = await targetNamed(name);
      caller.note?.({ before, after });
      return after;
    },
    async removeTarget({ name }, { note }) {
      const before = await targetNamed(name);
      if (!(await store.remove(name))) throw unknownTarget(name);
      note?.({ before, after: null });
      return { removed: name };
    },
    async testTarget({ name }, caller) {
      const id = await testTarget(calledBy(caller), name);
      if (id === undefined) throw unknownTarget(name);
      return deliveryOf(id);
    },
    async listDeliveries({ target, limit }) {
      const found = await store.deliveries({ limit, ...(target === undefined ? {} : { target }) });
      return { deliveries: found.map(deliveryDocument) };
    },
    showDelivery: ({ id }) => deliveryOf(id),
    async redeliver({ id }, caller) {
      const before = await deliveryOf(id);
      if (!(await redeliver(calledBy(caller), id))) throw unknownDelivery(id);
      caller.note?.({ before });
      return deliveryOf(id);
    },
    async listAlarms() {
      const open = (await store.alarms()).filter(({ endedMs }) => endedMs === null);
      return {
        alarms: open.map(({ kind, level, title, text, sinceMs }) => ({
          ...{ kind, level, title, text },
          since: timeOf(sinceMs),
        })),
      };
    },
  };
}

function targetDocument(target: ShownTarget): TargetDocument {
  const { name, url, format, kinds, pauseSeconds, enabled, createdMs, createdBy } = target;
  return { name, url, format, kinds, pauseSeconds, enabled, createdAt: timeOf(createdMs), createdBy };
}

function deliveryDocument(delivery: Delivery): DeliveryDocument {
  const { id, target, title, state, createdMs, nextMs, attempts } = delivery;
  return {
    ...{ id, target, title, state },
    createdAt: timeOf(createdMs),
    nextAt: state === 'waiting' ? timeOf(nextMs) : null,
    attempts: attempts.map(({ atMs, durationMs, status, response }) => ({
      at: timeOf(atMs),
      ...{ durationMs, status, response },
    })),
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function unknownTarget(name: string): ForeshardError {
  return new ForeshardError('not_found', `There is no target "${name}".`);
}

function unknownDelivery(id: string): ForeshardError {
  return new ForeshardError('not_found', `There is no delivery ${id}.`);
}
