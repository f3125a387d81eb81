import type { deadLetters, OutputOf } from '@foreshard/core/operations';

/** A dead letter in a list. */
export type LetterRow = OutputOf<typeof deadLetters.list>['letters'][number];
