/**
 * Events that people gave a group once more, after they had become dead letters: the internal group `NAME.redrive` reads them
 * from the stream of the letters. An event keeps the place that it has there, so a sink that goes by shardlet and seq takes it
 * as a new one; where it comes from stands beside it.
 */
import type { CloudEvent, StoredEvent } from '../events.ts';
import type { ConsumedEvent, Redriven } from './consumed.ts';
import type { Handle } from './handling.ts';

const REDRIVE_TYPE = 'dev.foreshard.redrive';

export function redriveGroupOf(group: string): string {
  return `${group}.redrive`;
}

/** Hands over what is re-driven, and passes over the letters and decisions between. */
export function redriving(handle: Handle): Handle {
  return async (batch, parts) => {
    const events = batch.events.flatMap((stored) => redriven(stored) ?? []);
    if (events.length > 0) await handle({ ...batch, events }, parts);
    else parts.processed(batch.through);
  };
}

function redriven(stored: StoredEvent): ConsumedEvent | undefined {
  if (stored.event.type !== REDRIVE_TYPE) return undefined;
  const { event, ...origin } = (stored.event.data ?? {}) as Redriven & { readonly event?: CloudEvent };
  return event === undefined ? undefined : { ...stored, event, redriven: origin };
}
