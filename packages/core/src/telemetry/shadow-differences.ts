/**
 * Where edges report that a read differs from the copy a move has made so far: a hash in the control Redis,
 * by the number of the move. Losing it loses no safety, as a copy is compared whole before it opens.
 */
export const SHADOW_DIFFERENCES_KEY = '{foreshard}:shadow-differences';
