import type { clusters, OutputOf } from '@foreshard/core/operations';
import { formatCount, formatCounted } from '../../formatting/numbers.ts';

/** What became of an import, in a sentence or two. */
export function reportText({
  hosts,
  partitions,
  rows,
  known,
  tooOld,
  hostsAssumed,
}: OutputOf<typeof clusters.add>): string {
  const left = [
    ...(known > 0 ? [`${formatCount(known)} were known`] : []),
    ...(tooOld > 0 ? [`${formatCount(tooOld)} lie before what is kept`] : []),
  ];
  const assumed =
    hostsAssumed > 0
      ? ` What ${formatCount(hostsAssumed)} of its hosts take is assumed from the policy.`
      : '';
  return `${formatCounted(partitions, 'partition')} on ${formatCounted(hosts, 'host')}; ${formatCounted(rows, 'line')} ${rows === 1 ? 'was' : 'were'} new${left.length > 0 ? `, ${left.join(', ')}` : ''}.${assumed}`;
}
