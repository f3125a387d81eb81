/**
 * Why somebody may not give an order, in words for a tooltip. It is a courtesy: every call is judged where it is carried
 * out. While nobody knows yet what the person may do, or it cannot be read, orders are open: the switch that stops
 * everything must not wait for an answer.
 */
import {
  allows,
  type Grant,
  mentions,
  OWN_CLUSTER,
  type Permission,
  roleWith,
  type Target,
} from '@foreshard/core/access';

/** undefined: permitted */
export function obstacleOf(
  grants: readonly Grant[] | undefined,
  permission: Permission,
  target: Target,
): string | undefined {
  if (grants === undefined || allows(grants, permission, target)) return undefined;
  if (!mentions(grants, permission)) return `Needs the role ${roleWith(permission)}`;
  return `Your role ${roleWith(permission)} does not hold for ${targetText(target)}`;
}

function targetText({ stream, group, cluster }: Target): string {
  if (stream !== undefined) return `stream ${stream}`;
  if (group !== undefined) return `group ${group}`;
  if (cluster === OWN_CLUSTER) return 'this cluster';
  return cluster === undefined ? 'everything' : `cluster ${cluster}`;
}
