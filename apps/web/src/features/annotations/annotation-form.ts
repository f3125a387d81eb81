/** What a person types about an annotation, and what it means: times of this browser's clock, and where it is. */
import {
  type AnnotationInput,
  type AnnotationRange,
  annotationRequestSchema,
} from '@foreshard/core/annotations';
import { z } from 'zod';

/** What is annotated, as the page that asks knows it. */
export interface AnnotationPlace {
  readonly stream: string;
  readonly fromMs: number;
  /** undefined: a moment */
  readonly toMs?: number;
  readonly range?: AnnotationRange & { readonly name: string };
}

const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;
const time = z.string().regex(LOCAL_TIME, 'Choose a day and a time');

const formSchema = z.object({
  text: z.string(),
  from: time,
  to: z.union([z.literal(''), time]),
  keys: z.enum(['all', 'range']),
});
export type AnnotationForm = z.infer<typeof formSchema>;

export function annotationFormSchema(place: AnnotationPlace) {
  return formSchema.superRefine((form, ctx) => {
    const parsed = annotationRequestSchema.safeParse(requestOf(form, place));
    if (parsed.success) return;
    for (const { path, message } of parsed.error.issues)
      ctx.addIssue({
        code: 'custom',
        message,
        path: [path[0] === 'to' ? 'to' : path[0] === 'from' ? 'from' : 'text'],
      });
  });
}

export function requestOf(form: AnnotationForm, { stream, range }: AnnotationPlace): AnnotationInput {
  return {
    ...{ stream, from: instantOf(form.from), text: form.text },
    ...(form.to === '' ? {} : { to: instantOf(form.to) }),
    ...(form.keys === 'range' && range !== undefined ? { range: { from: range.from, to: range.to } } : {}),
  };
}

export function freshForm({ fromMs, toMs, range }: AnnotationPlace): AnnotationForm {
  return {
    ...{ text: '', from: localOf(fromMs), to: toMs === undefined ? '' : localOf(toMs) },
    keys: range === undefined ? 'all' : 'range',
  };
}

/** What is no time stays as it was typed, and is refused with a reason. */
function instantOf(local: string): string {
  const ms = LOCAL_TIME.test(local) ? Date.parse(local) : Number.NaN;
  return Number.isNaN(ms) ? local : new Date(ms).toISOString();
}

const MINUTE_MS = 60_000;

/** 2026-11-21T14:03, as an input of the type datetime-local wants it, by this browser's clock */
export function localOf(ms: number): string {
  const zoneMs = new Date(ms).getTimezoneOffset() * MINUTE_MS;
  return new Date(ms - zoneMs).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length);
}
