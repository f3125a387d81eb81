import type { Recommendation } from '@foreshard/core/planning';
import { Badge } from '../../components/ui/badge.tsx';

/** Tells a reaction to what was measured from what was planned ahead; its reason says how unsure the forecast was. */
export function MeasuredBadge({ of: { isReaction } }: { of: Pick<Recommendation, 'isReaction'> }) {
  if (isReaction === undefined) return null;
  return <Badge tip="Planned by measured load alone: its forecast is too unsure">measured</Badge>;
}
