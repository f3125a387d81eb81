import { describe, expect, it } from 'vitest';
import { NEW_STREAM, parseStream, type StreamText, textOf } from './stream-form.ts';

const typed = (changes: Partial<StreamText>) =>
  parseStream({ ...NEW_STREAM, name: 'orders', ...changes }, 4_096);

describe('parseStream', () => {
  it('turns hours, gigabytes and minutes into the units of the topology', () => {
    expect(typed({ retentionHours: '1.5', retentionGigabytes: '2', dedupMinutes: '30' })).toEqual({
      ok: true,
      name: 'orders',
      shardCount: 64,
      settings: { retentionMs: 5_400_000, retentionBytes: 2_000_000_000, dedupWindowMs: 1_800_000 },
    });
  });

  it('reads empty limits as none', () => {
    expect(typed({})).toMatchObject({ settings: { retentionMs: null, retentionBytes: null } });
  });

  it.each([
    [{ name: 'Orders' }, 'name'],
    [{ name: '' }, 'name'],
    [{ shardCount: '0' }, 'shardCount'],
    [{ shardCount: '4097' }, 'shardCount'],
    [{ shardCount: 'many' }, 'shardCount'],
    [{ retentionHours: '0.001' }, 'retentionHours'],
    [{ retentionHours: 'two' }, 'retentionHours'],
    [{ retentionGigabytes: '-1' }, 'retentionGigabytes'],
    [{ dedupMinutes: '' }, 'dedupMinutes'],
    [{ dedupMinutes: '1' }, 'dedupMinutes'],
    [{ dedupMinutes: '100000' }, 'dedupMinutes'],
  ] as const)('%o is refused at its own field', (changes, field) => {
    const parsed = typed(changes);
    expect(parsed.ok ? [] : Object.keys(parsed.errors)).toEqual([field]);
  });

  it('shows a stream as it was typed', () => {
    const text = { ...NEW_STREAM, name: 'orders', retentionHours: '48', dedupMinutes: '15' };
    const parsed = parseStream(text, 4_096);
    if (!parsed.ok) throw new Error('refused');
    expect(textOf({ id: 1, splitKeys: false, ...parsed, ...parsed.settings })).toEqual(text);
  });
});
