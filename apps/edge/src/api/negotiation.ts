/** Which of the media types that a route can answer does the client want? (RFC 9110, 12.5.1) */
import { ForeshardError } from '@foreshard/core/kernel';
import { parseAccept } from 'hono/utils/accept';

/**
 * The first of `offered` with the highest quality; what is named more exactly counts.
 * @throws ForeshardError not_acceptable
 */
export function negotiated(accept: string | undefined, offered: readonly string[]): string {
  if (accept === undefined || accept.trim() === '' || offered.length === 0) return offered[0] ?? '';
  const ranges = parseAccept(accept);
  let best: { type: string; quality: number } | undefined;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > (best?.quality ?? 0)) best = { type, quality };
  }
  if (best !== undefined) return best.type;
  throw new ForeshardError('not_acceptable', `This route answers ${offered.join(' or ')}.`);
}

function qualityOf(type: string, ranges: readonly { type: string; q: number }[]): number {
  const [group] = type.split('/');
  for (const wanted of [type, `${group}/*`, '*/*']) {
    const range = ranges.find((r) => r.type.toLowerCase() === wanted);
    if (range !== undefined) return range.q;
  }
  return 0;
}
