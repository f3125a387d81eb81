/** What a person types about a hint, and what it means: times on the wall of a zone, lists as lines. */
import { TZDate } from '@date-fns/tz';
import { type HintInput, hintRequestSchema } from '@foreshard/core/hints';
import { z } from 'zod';

const LOCAL_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})$/;
const time = z.string().regex(LOCAL_TIME, 'Choose a day and a time');

export const hintFormSchema = z
  .object({
    stream: z.string().min(1, 'Choose a stream'),
    from: time,
    to: time,
    zone: z.string().min(1),
    kind: z.enum(['factor', 'perSecond']),
    amount: z.string(),
    keys: z.string(),
    types: z.string(),
    shards: z.string(),
    every: z.enum(['once', 'day', 'week', 'month']),
    until: z.union([z.literal(''), time]),
    because: z.string(),
  })
  .superRefine((form, ctx) => {
    const parsed = hintRequestSchema.safeParse(requestOf(form));
    if (parsed.success) return;
    for (const { path, message } of parsed.error.issues)
      ctx.addIssue({
        code: 'custom',
        message,
        path: [FIELDS[path.join('.')] ?? FIELDS[String(path[0])] ?? 'because'],
      });
  });
export type HintForm = z.infer<typeof hintFormSchema>;

const FIELDS: Readonly<Record<string, keyof HintForm>> = {
  from: 'from',
  to: 'to',
  factor: 'amount',
  perSecond: 'amount',
  'scope.keys': 'keys',
  'scope.types': 'types',
  'scope.shards': 'shards',
  repeat: 'every',
  'repeat.until': 'until',
  'repeat.zone': 'zone',
  because: 'because',
  stream: 'stream',
};

export function requestOf(form: HintForm): HintInput {
  const shards = listOf(form.shards).map(Number);
  const [keys, types] = [listOf(form.keys), listOf(form.types)];
  return {
    stream: form.stream,
    from: instantOf(form.from, form.zone),
    to: instantOf(form.to, form.zone),
    [form.kind]: form.amount.trim() === '' ? Number.NaN : Number(form.amount.replace(',', '.')),
    scope: {
      ...(keys.length === 0 ? {} : { keys }),
      ...(types.length === 0 ? {} : { types }),
      ...(shards.length === 0 ? {} : { shards }),
    },
    ...(form.every === 'once'
      ? {}
      : {
          repeat: {
            every: form.every,
            zone: form.zone,
            ...(form.until === '' ? {} : { until: instantOf(form.until, form.zone) }),
          },
        }),
    because: form.because,
  };
}

/** The time on the wall of a zone; what is none stays as it was typed, and is refused with a reason. */
function instantOf(text: string, zone: string): string {
  const match = LOCAL_TIME.exec(text);
  if (match === null) return text;
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return new Date(new TZDate(year, month - 1, day, hour, minute, zone).getTime()).toISOString();
}

function listOf(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
