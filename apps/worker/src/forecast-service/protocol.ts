/**
 * What the worker and its model process say to each other: a line of JSON each. The process says which model it
 * begins before it begins it, so that one that hangs is known by name when it is cut off.
 */
export type ModelTask = { readonly excluded: readonly string[] } & (
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'train';
      readonly run: number;
      readonly streamId: number | null;
      readonly reason: string;
      /** for expensive models, in the whole training; milliseconds */
      readonly expensiveBudgetMs: number;
    }
);

export type ModelLine =
  | { readonly kind: 'model'; readonly name: string }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'done'; readonly result: object }
  | { readonly kind: 'failed'; readonly reason: string };
