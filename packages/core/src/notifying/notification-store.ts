/** The port to targets, what was told them, and alarms. Sending is another port: `WebhookSender`. */
import type { AlarmRecord } from './alarms.ts';
import type { Attempt, Delivery, DeliveryState, NewDelivery } from './delivery.ts';
import type { Target } from './target.ts';

export interface NotificationStore {
  /** By name. */
  targets(): Promise<Target[]>;
  /** `false` when the name is taken. */
  add(target: Target): Promise<boolean>;
  /** `false` when there is none of the name. */
  change(name: string, change: TargetChange): Promise<boolean>;
  /** With its deliveries. */
  remove(name: string): Promise<boolean>;

  /** Those of the subjects that the target was told. */
  notified(target: string, subjects: readonly string[]): Promise<Set<string>>;
  /**
   * Remembers the subjects as told and adds the message, or neither. `false` when one of them was told meanwhile, or
   * the message is there already.
   */
  queue(delivery: NewDelivery, subjects: readonly string[]): Promise<boolean>;

  delivery(id: string): Promise<Delivery | undefined>;
  /** Newest first. */
  deliveries(query: {
    readonly target?: string;
    readonly state?: DeliveryState;
    readonly limit: number;
  }): Promise<Delivery[]>;
  /** Those that are due, of targets that are on, oldest first: nobody else gets them until `leaseMs` are over. */
  claim(nowMs: number, leaseMs: number, limit: number): Promise<Delivery[]>;
  settle(delivery: Delivery): Promise<void>;
  /** To be sent again, at once; `false` when there is none. */
  redeliver(id: string, nowMs: number): Promise<boolean>;

  alarms(): Promise<AlarmRecord[]>;
  keepAlarms(changed: readonly AlarmRecord[], forgotten: readonly string[]): Promise<void>;
  /** Ends the memory of what is older. */
  forget(beforeMs: number): Promise<void>;
}

export type TargetChange = Partial<Pick<Target, 'kinds' | 'pauseSeconds' | 'enabled' | 'quietUntilMs'>>;

export interface WebhookSender {
  /** Never rejects: what went wrong is the attempt. */
  send(message: { readonly id: string; readonly body: string }, target: SendTarget): Promise<Attempt>;
  /** Why nothing may be sent there, as far as it shows now; undefined: it may. */
  objection(url: string): Promise<string | undefined>;
}

export type SendTarget = Pick<Target, 'url' | 'secret'>;
