/**
 * What a person types about a stream, and what it means: hours, gigabytes and minutes on the screen,
 * milliseconds and bytes in the topology. The limits are those of the topology's own schema.
 */
import {
  type Stream,
  type StreamSettings,
  streamNameSchema,
  streamSettingsSchema,
} from '@foreshard/core/topology';

export interface StreamText {
  readonly name: string;
  readonly shardCount: string;
  readonly splitKeys: boolean;
  readonly retentionHours: string;
  readonly retentionGigabytes: string;
  readonly dedupMinutes: string;
}

export type StreamField = keyof StreamText;
export type FieldErrors = Partial<Record<StreamField, string>>;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const GIGABYTE = 1e9;

export const NEW_STREAM: StreamText = {
  name: '',
  shardCount: '64',
  splitKeys: false,
  retentionHours: '',
  retentionGigabytes: '',
  dedupMinutes: '15',
};

export function textOf(stream: Stream): StreamText {
  return {
    name: stream.name,
    shardCount: String(stream.shardCount),
    splitKeys: stream.splitKeys,
    retentionHours: stream.retentionMs === null ? '' : String(stream.retentionMs / HOUR_MS),
    retentionGigabytes: stream.retentionBytes === null ? '' : String(stream.retentionBytes / GIGABYTE),
    dedupMinutes: String(stream.dedupWindowMs / MINUTE_MS),
  };
}

export type ParsedStream =
  | {
      readonly ok: true;
      readonly name: string;
      readonly shardCount: number;
      readonly settings: StreamSettings;
    }
  | { readonly ok: false; readonly errors: FieldErrors };

export function parseStream(text: StreamText, shardsMax: number): ParsedStream {
  const errors: { -readonly [K in keyof FieldErrors]: FieldErrors[K] } = {};
  const name = streamNameSchema.safeParse(text.name.trim());
  if (!name.success) errors.name = 'A lower-case letter, then up to 62 letters, digits or hyphens';
  const shardCount = Number(text.shardCount);
  if (!Number.isInteger(shardCount) || shardCount < 1 || shardCount > shardsMax)
    errors.shardCount = `A whole number from 1 to ${shardsMax.toLocaleString('en-US')}`;
  const settings = parseSettings(text, errors);
  if (settings === undefined || Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, name: text.name.trim(), shardCount, settings };
}

function parseSettings(
  text: StreamText,
  errors: Partial<Record<StreamField, string>>,
): StreamSettings | undefined {
  const { shape } = streamSettingsSchema;
  const retentionMs = optionalAmount(text.retentionHours, HOUR_MS);
  if (!shape.retentionMs.safeParse(retentionMs).success)
    errors.retentionHours = 'At least 0.02 h (one minute), or empty';
  const retentionBytes = optionalAmount(text.retentionGigabytes, GIGABYTE);
  if (!shape.retentionBytes.safeParse(retentionBytes).success)
    errors.retentionGigabytes = 'At least 0.001 GB, or empty';
  const dedupWindowMs = optionalAmount(text.dedupMinutes, MINUTE_MS);
  if (dedupWindowMs === null || !shape.dedupWindowMs.safeParse(dedupWindowMs).success)
    errors.dedupMinutes = 'From 3 minutes to 7 days (10,080)';
  const parsed = streamSettingsSchema.safeParse({ retentionMs, retentionBytes, dedupWindowMs });
  return parsed.success ? parsed.data : undefined;
}

/** null when nothing was typed; NaN, which no schema accepts, when it is no number */
function optionalAmount(text: string, unit: number): number | null {
  if (text.trim() === '') return null;
  return Math.round(Number(text.replace(',', '.')) * unit);
}
