'use client';

/** Which hosts may have what: rules over the shards of a stream. */
import type { PlacementRule } from '@foreshard/core/planning';
import { readLabels, writeLabels } from '@foreshard/core/topology';
import { Plus, Trash2 } from 'lucide-react';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Select, SmallField } from '../../components/ui/field.tsx';
import { readShards, shardsProblem, writeShards } from './shards-text.ts';

const RULES_MAX = 64;

/** A rule as it is typed. */
export interface RuleText {
  readonly stream: string;
  /** "3", "3-7", or empty for all */
  readonly shards: string;
  readonly labels: string;
  readonly spread: boolean;
  readonly frozen: boolean;
}

export function ruleText({ stream, shards, pinned_to, spread_over_zones, frozen }: PlacementRule): RuleText {
  const text = writeShards(shards);
  return { stream, shards: text, labels: writeLabels(pinned_to ?? {}), spread: spread_over_zones, frozen };
}

export function ruleOf({ stream, shards, labels, spread, frozen }: RuleText): PlacementRule {
  const range = readShards(shards);
  const pins = readLabels(labels);
  return {
    stream,
    ...(range === undefined ? {} : { shards: range }),
    ...(Object.keys(pins).length === 0 ? {} : { pinned_to: pins }),
    spread_over_zones: spread,
    frozen,
  };
}

/** What is wrong with a rule; undefined when nothing is. */
export function ruleProblem({ shards, labels, spread, frozen }: RuleText): string | undefined {
  const ofShards = shardsProblem(shards);
  if (ofShards !== undefined) return ofShards;
  const pins = readLabels(labels);
  if (Object.values(pins).includes('')) return 'labels: NAME=VALUE, parted by blanks';
  if (Object.keys(pins).length === 0 && !spread && !frozen) return 'a rule pins, spreads or freezes';
  return undefined;
}

type Labels = Readonly<Record<string, string>>;

/** How many hosts a rule leaves; undefined where it asks for no labels or they cannot be read. */
export function hostsFor({ labels }: RuleText, hosts: readonly Labels[]): number | undefined {
  const pins = Object.entries(readLabels(labels));
  if (pins.length === 0 || pins.some(([, value]) => value === '')) return undefined;
  return hosts.filter((own) => pins.every(([name, value]) => own[name] === value)).length;
}

export function PlacementEditor({
  rules,
  streams,
  hosts,
  onChange,
}: {
  rules: readonly RuleText[];
  streams: readonly string[];
  /** what each host has; undefined while that is not known */
  hosts: readonly Labels[] | undefined;
  onChange(rules: readonly RuleText[]): void;
}) {
  const set = (index: number, change: Partial<RuleText>) =>
    onChange(rules.map((one, i) => (i === index ? { ...one, ...change } : one)));
  const first = streams[0] ?? 'main';
  return (
    <Card aria-labelledby="placement-title">
      <CardHead
        id="placement-title"
        title="Placement"
        hint="which hosts may have what; what is said of hosts stands on the page Hosts"
      >
        <Button
          size="sm"
          disabled={rules.length >= RULES_MAX}
          onClick={() =>
            onChange([...rules, { stream: first, shards: '', labels: '', spread: false, frozen: false }])
          }
        >
          <Plus /> Add a rule
        </Button>
      </CardHead>
      {rules.length === 0 ? (
        <p className="border-line border-t px-5 py-4 text-sm text-soft">
          No rules: every host may have every shardlet.
        </p>
      ) : (
        <ul className="divide-y divide-line border-line border-t">
          {rules.map((rule, i) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: two rules may be equal
              key={i}
              className="grid grid-cols-2 items-start gap-x-4 gap-y-2 px-5 py-4 lg:grid-cols-[minmax(7rem,12rem)_7rem_minmax(10rem,1fr)_auto]"
            >
              <Select label="Stream" value={rule.stream} onChange={(e) => set(i, { stream: e.target.value })}>
                {[...new Set([rule.stream, ...streams])].map((name) => (
                  <option key={name} value={name}>
                    {streams.includes(name) ? name : `absent: ${name}`}
                  </option>
                ))}
              </Select>
              <SmallField
                label="Shards"
                placeholder="all"
                value={rule.shards}
                onChange={(e) => set(i, { shards: e.target.value })}
              />
              <div className="max-lg:col-span-2">
                <SmallField
                  label="Only on hosts with"
                  placeholder="disk=ssd"
                  value={rule.labels}
                  onChange={(e) => set(i, { labels: e.target.value })}
                />
                {hosts === undefined ? null : <Matching count={hostsFor(rule, hosts)} of={hosts.length} />}
              </div>
              <div className="flex items-center gap-4 max-lg:col-span-2 lg:pt-5">
                <Check
                  label="Spread over zones"
                  checked={rule.spread}
                  onChange={(spread) => set(i, { spread })}
                />
                <Check label="Frozen" checked={rule.frozen} onChange={(frozen) => set(i, { frozen })} />
                <Button
                  look="quiet"
                  size="icon"
                  className="ml-auto"
                  aria-label={`Remove rule ${i + 1}`}
                  onClick={() => onChange(rules.toSpliced(i, 1))}
                >
                  <Trash2 />
                </Button>
              </div>
              {ruleProblem(rule) === undefined ? null : (
                <p className="col-span-full text-bad text-xs">{ruleProblem(rule)}</p>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Matching({ count, of }: { count: number | undefined; of: number }) {
  if (count === undefined) return null;
  if (count > 0) return <p className="tabular mt-1 text-faint text-xs">{`${count} of ${of} hosts`}</p>;
  return (
    <p className="mt-1 text-warn text-xs">No host has these labels: its shardlets stay where they are</p>
  );
}

function Check({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange(checked: boolean): void;
}) {
  return (
    <label className="inline-flex items-center gap-2 whitespace-nowrap text-sm">
      <input
        type="checkbox"
        className="size-4 accent-(--accent)"
        checked={checked}
        onChange={(e) => onChange(e.target.checked)}
      />
      {label}
    </label>
  );
}
