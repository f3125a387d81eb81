/**
 * Which hosts there are: they are ordered and take minutes to start, are drained and leave when they are empty, or die.
 * Host-hours count from the order to the end.
 */
import type { CostModel } from './cost-model.ts';

export type HostStatus = 'active' | 'starting' | 'draining' | 'dead' | 'none';

export class HostFleet {
  readonly status: HostStatus[];
  hostMinutes = 0;
  /** the last change of hosts */
  changedAt = Number.NEGATIVE_INFINITY;
  private readonly readyAt: number[];
  private readonly startMinutes: number;

  constructor({ hosts, hostsMax, hostStartMinutes }: CostModel) {
    this.status = Array.from({ length: hostsMax }, (_, host) => (host < hosts ? 'active' : 'none'));
    this.readyAt = this.status.map(() => 0);
    this.startMinutes = hostStartMinutes;
  }

  get active(): number[] {
    return this.with('active');
  }

  with(wanted: HostStatus): number[] {
    return [...this.status.keys()].filter((host) => this.status[host] === wanted);
  }

  /** A minute passes. `owned`: shardlets each host has. */
  step(minute: number, owned: readonly number[]): void {
    this.status.forEach((status, host) => {
      if (status === 'starting' && this.readyAt[host]! <= minute) this.change(host, 'active', minute);
      if (status === 'draining' && owned[host] === 0) this.change(host, 'none', minute);
      if (this.status[host] !== 'none' && this.status[host] !== 'dead') this.hostMinutes++;
    });
  }

  /** False when there may be no more. */
  order(minute: number): boolean {
    const host = this.status.indexOf('none');
    if (host < 0) return false;
    this.readyAt[host] = minute + this.startMinutes;
    this.change(host, 'starting', minute);
    return true;
  }

  /** False when the host is not active, or the last one. */
  drain(host: number, minute: number): boolean {
    if (this.status[host] !== 'active' || this.active.length < 2) return false;
    this.change(host, 'draining', minute);
    return true;
  }

  die(host: number, minute: number): void {
    this.change(host, 'dead', minute);
  }

  private change(host: number, status: HostStatus, minute: number): void {
    this.status[host] = status;
    this.changedAt = minute;
  }
}
