/**
 * The third phase: shardlets on a host whose labels their pin does not allow, since a rule or a label has changed. Like
 * what lies on a drained host they need another place whatever the load is.
 */
import { NONE } from '../columns.ts';
import type { Phase } from '../context.ts';
import { moveAway } from '../moving.ts';

export const placePinned: Phase = {
  name: 'place-pinned',
  run(context) {
    const { cluster, rows } = context;
    const { pins, shardlets } = cluster.input;
    if (pins.length === 0) return;
    for (const shardlet of rows) {
      const pin = shardlets.pin[shardlet]!;
      const owner = shardlets.owner[shardlet]!;
      if (pin !== NONE && owner !== NONE && !cluster.allows(pin, owner))
        moveAway(context, 'place-pinned', shardlet);
    }
  },
};
