/**
 * The last event that each host acknowledged to this process: evidence for a claim that the host lost it. Noted
 * once per group of every reply, so the place of a host is written over and never made anew.
 */
import type { Acknowledged } from '@foreshard/core/hosts';

type Place = { -readonly [K in keyof Acknowledged]: Acknowledged[K] };

export class LastAcknowledged {
  private readonly places = new Map<number, Place>();

  note(host: number, shardlet: number, epoch: number, seq: number, ts: number): void {
    const place = this.places.get(host);
    if (place === undefined) {
      this.places.set(host, { shardlet, epoch, seq, ts });
      return;
    }
    place.shardlet = shardlet;
    place.epoch = epoch;
    place.seq = seq;
    place.ts = ts;
  }

  /** Undefined as well for an event of an earlier generation: what became of it was settled by accepting a loss. */
  of(host: number, generation: number): Acknowledged | undefined {
    const place = this.places.get(host);
    return place === undefined || place.epoch < generation ? undefined : { ...place };
  }
}
