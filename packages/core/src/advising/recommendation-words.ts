/**
 * What a recommendation is worth, in the words of people: the console and the command line say the same. Gains are in units
 * of the objective, which say something only to the planner, so hosts and shares stand in their place.
 */
import type { Recommendation } from '../planning/index.ts';

interface Places {
  /** names of hosts */
  readonly source: string | null;
  readonly destination: string | null;
}

/** "takes host-3 from 443 % to 79 %, host-2 up to 38 %" */
export function effectWords(
  { effect }: Pick<Recommendation, 'effect'>,
  { source, destination }: Places,
): string | undefined {
  if (effect === undefined) return undefined;
  const { sourceBefore, sourceAfter, destinationAfter } = effect;
  const to = `${destination ?? 'the other host'} up to ${percent(destinationAfter)}`;
  if (source === null) return `takes ${to}`;
  return `takes ${source} from ${percent(sourceBefore)} to ${percent(sourceAfter)}, ${to}`;
}

/** What became of the gain that was expected. */
export function realisedWords(
  realised: { readonly gain: number } | null,
  gain: Recommendation['gain'],
): string | undefined {
  if (realised === null) return undefined;
  if (gain === null || gain.expected <= 0) return realised.gain > 0 ? 'it helped' : 'it did not help';
  return `${percent(realised.gain / gain.expected)} of what was expected`;
}

/** Of what was measured there is no doubt, which says nothing of what comes: so it is not called 100 %. */
export function confidenceWords({
  confidence,
  isReaction,
}: Pick<Recommendation, 'confidence' | 'isReaction'>): string {
  if (isReaction || confidence === 1) return 'by measured load alone';
  // what is not sure is not rounded to sure
  return `${Math.min(99, Math.round(100 * confidence))} % confident`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
