import type { LoadReport } from '@foreshard/core/external';
import { formatCount } from '../../formatting/numbers.ts';

/** What became of an import, in a sentence or two. */
export function reportText({ hosts, partitions, rows, known, tooOld, hostsAssumed }: LoadReport): string {
  const left = [
    ...(known > 0 ? [`${formatCount(known)} were known`] : []),
    ...(tooOld > 0 ? [`${formatCount(tooOld)} lie before what is kept`] : []),
  ];
  const assumed =
    hostsAssumed > 0
      ? ` What ${formatCount(hostsAssumed)} of its hosts take is assumed from the policy.`
      : '';
  return `${formatCount(partitions)} partitions on ${formatCount(hosts)} hosts; ${formatCount(rows)} lines were new${left.length > 0 ? `, ${left.join(', ')}` : ''}.${assumed}`;
}
