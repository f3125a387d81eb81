/**
 * A remark of a person about a time, and where it is about some keys only, about a range of positions: "sale begins".
 * It explains what charts show and changes nothing: what changes forecasts is a hint. One schema for the edge, the
 * console and the command.
 */
import { z } from 'zod';

const DAY_MS = 86_400_000;
/** Longer than what a heat map can show marks nothing. */
const LENGTH_MS_MAX = 400 * DAY_MS;
/** It has to fit beside a mark on a chart. */
const TEXT_MAX = 200;

const time = z.iso.datetime({
  offset: true,
  error: 'expected a time with a zone, such as 2026-12-24T18:00:00+01:00',
});
const END = '10000000000000000';
const position = z
  .string()
  .regex(/^(?:[0-9a-f]{16}|10000000000000000)$/, `expected 16 hex digits, or ${END} for the end of all keys`);
/** The end of all keys has one digit more than every other position. */
const order = (hex: string) => hex.padStart(END.length, '0');

const annotationRangeSchema = z
  .strictObject({
    from: position.describe('first position of the range, 16 hex digits'),
    to: position.describe(`first position after it; ${END}: up to the last key`),
  })
  .refine(({ from, to }) => order(from) < order(to), { path: ['to'], error: 'it must lie above "from"' });
export type AnnotationRange = z.infer<typeof annotationRangeSchema>;

export const annotationRequestSchema = z
  .strictObject({
    stream: z.string().min(1).max(63).default('main'),
    from: time.describe('the moment, or the start of the time'),
    to: time.optional().describe('the end of the time; without it the annotation marks one moment'),
    range: annotationRangeSchema.optional().describe('the keys it is about; without it all keys'),
    text: z.string().trim().min(1, 'write what happened: others will read it').max(TEXT_MAX),
  })
  .refine(({ from, to = from }) => !(Date.parse(to) < Date.parse(from)), {
    path: ['to'],
    error: 'it must not lie before "from"',
  })
  .refine(({ from, to = from }) => !(Date.parse(to) - Date.parse(from) > LENGTH_MS_MAX), {
    path: ['to'],
    error: 'an annotation covers 400 days at most',
  })
  .meta({ id: 'AnnotationRequest' });
/** As it is sent. */
export type AnnotationInput = z.input<typeof annotationRequestSchema>;
export type AnnotationRequest = z.output<typeof annotationRequestSchema>;

export interface Annotation {
  readonly id: string;
  readonly stream: string;
  readonly fromMs: number;
  /** not before fromMs; equal: one moment */
  readonly toMs: number;
  /** null: all keys */
  readonly range: AnnotationRange | null;
  readonly text: string;
  readonly createdMs: number;
  readonly createdBy: string;
  /** removed annotations are kept, so that a removal can be undone */
  readonly removedMs: number | null;
  readonly removedBy: string | null;
}
export type NewAnnotation = Omit<Annotation, 'removedMs' | 'removedBy'>;

export interface AnnotationQuery {
  readonly stream?: string;
  /** those that touch this time, both ends included */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly withRemoved?: boolean;
  /** at most so many, the latest */
  readonly limit: number;
}

export interface AnnotationStore {
  add(annotation: NewAnnotation): Promise<void>;
  find(id: string): Promise<Annotation | undefined>;
  /** The latest first. */
  list(query: AnnotationQuery): Promise<Annotation[]>;
  /** `false` when there is none, or it is removed already. */
  remove(id: string, actor: string, atMs: number): Promise<boolean>;
  /** `false` when there is no removed one. */
  restore(id: string): Promise<boolean>;
}

export function annotationOf(
  { stream, from, to = from, range, text }: AnnotationRequest,
  made: { readonly id: string; readonly atMs: number; readonly actor: string },
): NewAnnotation {
  return {
    ...{ id: made.id, stream, fromMs: Date.parse(from), toMs: Date.parse(to) },
    ...{ range: range ?? null, text, createdMs: made.atMs, createdBy: made.actor },
  };
}
