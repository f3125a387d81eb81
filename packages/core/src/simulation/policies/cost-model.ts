/**
 * What hosts can do and what changes cost, stated in one place. The same for all policies: none moves for free, none
 * starts from other shardlets.
 */
export interface CostModel {
  /** at the start */
  readonly hosts: number;
  /** there may be so many, where a policy starts and stops hosts */
  readonly hostsMax: number;
  /** events a minute one host takes */
  readonly capacity: number;
  readonly startShardletsPerHost: number;
  /** events are kept so long, so bytes follow the load */
  readonly retentionMinutes: number;
  readonly bytesPerEvent: number;
  /** a copy is so many times as fast as a full host takes writes in */
  readonly copySpeed: number;
  /** part of its CPU that a host spends on each copy it takes part in */
  readonly copyCpu: number;
  /** a host copies so many shardlets at once, in or out */
  readonly movesPerHost: number;
  /** the part of a minute in which a shardlet takes nothing at the end of its move */
  readonly pauseMinutes: number;
  /** a split takes so long to be in effect */
  readonly splitMinutes: number;
  /** from the order of a host until it takes load; it is paid for from the order on */
  readonly hostStartMinutes: number;
}

export const COSTS: Omit<CostModel, 'hosts' | 'hostsMax' | 'capacity'> = {
  startShardletsPerHost: 16,
  retentionMinutes: 120,
  bytesPerEvent: 300,
  copySpeed: 2,
  copyCpu: 0.08,
  movesPerHost: 2,
  pauseMinutes: 0.1 / 60,
  splitMinutes: 1,
  hostStartMinutes: 8,
};
