/**
 * Turns what happens to events into the load of shardlets. Counts come from the ingestion, group by group;
 * keys from the requests, when their last event has its outcome. The latency of an append is that of the
 * call to the host that carried it: how long the disk of the host takes, without the client's own batching.
 */
import { type LoadCounters, latencyBucket } from '@foreshard/core/telemetry';
import type { Ingestion } from '../ingest/ingestion.ts';
import { type Intake, STORED } from '../ingest/intake.ts';

export class LoadObserver {
  private readonly counters: LoadCounters;
  private readonly ownerOf: (shardlet: number) => number | undefined;
  private readonly onKey: (shardlet: number, keyHash: number) => void;
  /** of each host's last call: its groups are told right after it */
  private readonly lastCall = new Map<number, number>();

  constructor(
    counters: LoadCounters,
    ownerOf: (shardlet: number) => number | undefined,
    onKey: (shardlet: number, keyHash: number) => void = () => {},
  ) {
    this.counters = counters;
    this.ownerOf = ownerOf;
    this.onKey = onKey;
  }

  called(hostId: number, micros: number): void {
    this.lastCall.set(hostId, latencyBucket(micros));
  }

  stored(shardlet: number, events: number, bytes: number): void {
    const owner = this.ownerOf(shardlet);
    this.counters.stored(shardlet, events, bytes, owner === undefined ? undefined : this.lastCall.get(owner));
  }

  /** An event that was refused before it had a shardlet is nobody's load. */
  refused(shardlet: number, events: number): void {
    if (shardlet !== 0) this.counters.refused(shardlet, events);
  }

  duplicates(events: number): void {
    this.counters.duplicate(events);
  }

  read(shardlet: number, events: number): void {
    this.counters.read(shardlet, events);
  }

  /** The same ingestion, with the keys of what it stores counted. */
  countingKeys(ingestion: Pick<Ingestion, 'submit'>): Pick<Ingestion, 'submit'> {
    return {
      submit: (intake) => {
        const settled = intake.onSettled;
        intake.onSettled = () => {
          this.countKeys(intake);
          settled();
        };
        ingestion.submit(intake);
      },
    };
  }

  private countKeys(intake: Intake): void {
    const { count, status, shardlet, keyHash, texts } = intake;
    let i = 0;
    const textOf = () => ({ key: texts.key(i), type: texts.type(i) });
    for (; i < count; i++)
      if (status[i] === STORED) {
        this.counters.key(shardlet[i]!, keyHash[i]!, textOf);
        this.onKey(shardlet[i]!, keyHash[i]!);
      }
  }
}
