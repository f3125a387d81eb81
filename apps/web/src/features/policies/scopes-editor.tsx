'use client';

/** Where mode, criteria and windows are others than for all: by stream, by some of its shards, by cluster. */
import { MODES, type PolicyScope } from '@foreshard/core/planning';
import { Plus, Trash2 } from 'lucide-react';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Select, SmallField } from '../../components/ui/field.tsx';
import { readShards, shardsProblem, writeShards } from './shards-text.ts';
import { isGoodWindow, readWindow, type Window, windowText } from './window-text.ts';

const SCOPES_MAX = 64;

const CRITERIA = [
  ['max_bytes', 'Bytes at most', 'larger moves wait for a person'],
  ['max_events', 'Events/s at most', 'shardlets with more load wait for a person'],
  ['minimum_confidence', 'Confidence at least', 'what is less sure waits for a person'],
  ['minimum_gain', 'Gain at least', 'what gains less waits for a person'],
  ['budget_moves', 'Moves of one plan', 'what is beyond it waits; empty: no limit'],
  ['budget_bytes', 'Bytes of one plan', 'what is beyond it waits; empty: no limit'],
] as const;
type Criterion = (typeof CRITERIA)[number][0];

/** A scope as it is typed. */
export interface ScopeText {
  /** "stream main" or "cluster theirs" */
  readonly of: string;
  readonly shards: string;
  readonly mode: PolicyScope['mode'];
  /** empty: as for all; of a budget: no limit */
  readonly auto: Readonly<Record<Criterion, string>>;
  /** "04:00-05:30 Europe/Berlin, 22:00-23:00 UTC sat+sun"; "any": at any time; empty: as for all */
  readonly windows: string;
}

const WHOLE: readonly Criterion[] = ['max_bytes', 'budget_moves', 'budget_bytes'];
const NO_CRITERIA = Object.fromEntries(CRITERIA.map(([criterion]) => [criterion, ''])) as Record<
  Criterion,
  string
>;
const ANY = 'any';

export function scopeText({ stream, cluster, shards, mode, auto, migration_window }: PolicyScope): ScopeText {
  const typed = Object.fromEntries(Object.entries(auto).map(([name, value]) => [name, String(value)]));
  const windows = migration_window?.map(windowText).join(', ');
  return {
    of: stream === undefined ? `cluster ${cluster}` : `stream ${stream}`,
    shards: writeShards(shards),
    mode,
    auto: { ...NO_CRITERIA, ...typed },
    windows: windows === '' ? ANY : (windows ?? ''),
  };
}

/** REQUIRES a scope without a problem. */
export function scopeOf({ of, shards, mode, auto, windows }: ScopeText): PolicyScope {
  const [kind, ...name] = of.split(' ');
  const criteria = Object.entries(auto).filter(([, text]) => text.trim() !== '');
  const range = readShards(shards);
  return {
    [kind === 'cluster' ? 'cluster' : 'stream']: name.join(' '),
    ...(range === undefined ? {} : { shards: range }),
    mode,
    auto: Object.fromEntries(criteria.map(([criterion, text]) => [criterion, Number(text)])),
    ...(windows.trim() === '' ? {} : { migration_window: windowsIn(windows) }),
  };
}

/** What is wrong with a scope; undefined when nothing is. */
export function scopeProblem({ of, shards, auto, windows }: ScopeText): string | undefined {
  const ofShards = shardsProblem(shards);
  if (ofShards !== undefined) return ofShards;
  if (of.startsWith('cluster ') && shards.trim() !== '') return 'a cluster that is not ours has no shards';
  for (const [criterion, name] of CRITERIA) {
    const value = Number(auto[criterion]);
    const isShare = criterion === 'minimum_confidence';
    if (!(value >= 0) || (isShare && value > 1))
      return `${name}: a number ${isShare ? 'from 0 to 1' : 'from 0 on'}`;
    if (WHOLE.includes(criterion) && !Number.isInteger(value)) return `${name}: a whole number`;
  }
  if (windows.trim() !== '' && !windowsIn(windows).every(isGoodWindow))
    return 'windows: such as 04:00-05:30 Europe/Berlin sat+sun, parted by commas, or "any"';
  return undefined;
}

function windowsIn(text: string): Window[] {
  if (text.trim() === ANY) return [];
  return text.split(',').map(readWindow);
}

export function ScopesEditor({
  scopes,
  streams,
  clusters,
  onChange,
}: {
  scopes: readonly ScopeText[];
  streams: readonly string[];
  clusters: readonly string[];
  onChange(scopes: readonly ScopeText[]): void;
}) {
  const set = (index: number, change: Partial<ScopeText>) =>
    onChange(scopes.map((one, i) => (i === index ? { ...one, ...change } : one)));
  const places = [...streams.map((name) => `stream ${name}`), ...clusters.map((name) => `cluster ${name}`)];
  const added: ScopeText = {
    of: places[0] ?? 'stream main',
    shards: '',
    mode: 'ask',
    auto: NO_CRITERIA,
    windows: '',
  };
  return (
    <Card aria-labelledby="scopes-title">
      <CardHead
        id="scopes-title"
        title="Scopes"
        hint="where mode, criteria and windows are others than for all; the first that fits counts"
      >
        <Button size="sm" disabled={scopes.length >= SCOPES_MAX} onClick={() => onChange([...scopes, added])}>
          <Plus /> Add a scope
        </Button>
      </CardHead>
      {scopes.length === 0 ? (
        <p className="border-line border-t px-5 py-4 text-sm text-soft">
          No scopes: the mode applies everywhere.
        </p>
      ) : (
        <ul className="divide-y divide-line border-line border-t">
          {scopes.map((scope, i) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: two scopes may be equal
              key={i}
              className="grid grid-cols-2 items-start gap-x-4 gap-y-2 px-5 py-4 lg:grid-cols-4"
            >
              <Select label="Of" value={scope.of} onChange={(e) => set(i, { of: e.target.value })}>
                {[...new Set([scope.of, ...places])].map((place) => (
                  <option key={place} value={place}>
                    {places.includes(place) ? place : `absent: ${place}`}
                  </option>
                ))}
              </Select>
              <SmallField
                label="Shards"
                placeholder="all"
                value={scope.shards}
                onChange={(e) => set(i, { shards: e.target.value })}
              />
              <Select
                label="Mode"
                value={scope.mode}
                onChange={(e) => set(i, { mode: e.target.value as ScopeText['mode'] })}
              >
                {MODES.map((mode) => (
                  <option key={mode}>{mode}</option>
                ))}
              </Select>
              <div className="flex items-start gap-2">
                <div className="min-w-0 flex-1">
                  <SmallField
                    label="Windows"
                    placeholder="as for all"
                    title="such as 04:00-05:30 Europe/Berlin, or with weekdays 04:00-05:30 UTC sat+sun, parted by commas; any: at any time"
                    value={scope.windows}
                    onChange={(e) => set(i, { windows: e.target.value })}
                  />
                </div>
                <Button
                  look="quiet"
                  size="icon"
                  className="mt-5"
                  aria-label={`Remove scope ${i + 1}`}
                  onClick={() => onChange(scopes.toSpliced(i, 1))}
                >
                  <Trash2 />
                </Button>
              </div>
              {scope.mode !== 'auto'
                ? null
                : CRITERIA.map(([criterion, label, title]) => (
                    <SmallField
                      key={criterion}
                      label={label}
                      title={title}
                      inputMode="decimal"
                      placeholder={criterion.startsWith('budget') ? 'no limit' : 'as for all'}
                      value={scope.auto[criterion]}
                      onChange={(e) => set(i, { auto: { ...scope.auto, [criterion]: e.target.value } })}
                    />
                  ))}
              {scopeProblem(scope) === undefined ? null : (
                <p className="col-span-full text-bad text-xs">{scopeProblem(scope)}</p>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
