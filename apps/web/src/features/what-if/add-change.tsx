'use client';

/** One more thing to suppose. */
import type { WhatIfChange } from '@foreshard/core/advising';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/ui/button.tsx';
import { Select, SmallField } from '../../components/ui/field.tsx';
import type { Names } from './change-text.ts';

const KINDS = [
  ['load', 'the load is so many times as much'],
  ['lose-host', 'a host is lost'],
  ['drain-host', 'a host is drained'],
  ['add-hosts', 'there are more hosts'],
  ['move', 'a shardlet lies on another host'],
  ['split', 'a shardlet is split'],
  ['policy', 'a setting of the policy is another'],
] as const;
type Kind = (typeof KINDS)[number][0];

interface Typed {
  readonly kind: Kind;
  readonly host: string;
  readonly stream: string;
  readonly shardlet: string;
  readonly number: string;
  readonly setting: string;
}

export function AddChange({ names, onAdd }: { names: Names; onAdd(change: WhatIfChange): void }) {
  const [typed, setTyped] = useState<Typed>({
    ...{ kind: 'load', host: '', stream: '', shardlet: '', number: '2', setting: '' },
  });
  const set = (change: Partial<Typed>) => setTyped({ ...typed, ...change });
  const change = changeOf(typed, names);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typeof change === 'string') return;
    onAdd(change);
    set({ shardlet: '', setting: '' });
  };
  const { kind } = typed;
  return (
    <form
      onSubmit={submit}
      className="grid items-start gap-3 sm:grid-cols-2 lg:grid-cols-[minmax(14rem,20rem)_repeat(2,minmax(9rem,14rem))_auto]"
    >
      <Select
        label="What changes"
        value={kind}
        onChange={(e) => set({ kind: e.target.value as Kind, number: e.target.value === 'load' ? '2' : '1' })}
      >
        {KINDS.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </Select>
      {kind === 'load' || kind === 'add-hosts' ? (
        <SmallField
          label={kind === 'load' ? 'Factor' : 'How many'}
          value={typed.number}
          onChange={(e) => set({ number: e.target.value })}
        />
      ) : null}
      {kind === 'load' ? (
        <Select label="Of the stream" value={typed.stream} onChange={(e) => set({ stream: e.target.value })}>
          <option value="">all streams</option>
          {names.streams.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      ) : null}
      {kind === 'move' || kind === 'split' ? (
        <SmallField
          label="Shardlet"
          value={typed.shardlet}
          onChange={(e) => set({ shardlet: e.target.value })}
        />
      ) : null}
      {kind === 'lose-host' || kind === 'drain-host' || kind === 'move' ? (
        <Select label="Host" value={typed.host} onChange={(e) => set({ host: e.target.value })}>
          <option value="">choose</option>
          {names.hosts.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      ) : null}
      {kind === 'policy' ? (
        <SmallField
          label="Setting"
          placeholder="host.fullness=0.7"
          value={typed.setting}
          onChange={(e) => set({ setting: e.target.value })}
        />
      ) : null}
      <div className="pt-5">
        <Button
          type="submit"
          look="primary"
          disabled={typeof change === 'string'}
          title={typeof change === 'string' ? change : undefined}
        >
          Suppose it
        </Button>
      </div>
    </form>
  );
}

/** What was typed as a change, or what is missing. */
function changeOf(
  { kind, host, stream, shardlet, number, setting }: Typed,
  names: Names,
): WhatIfChange | string {
  switch (kind) {
    case 'load': {
      const factor = Number(number);
      const isFactor = number.trim() !== '' && factor >= 0 && factor <= 1_000;
      return isFactor ? { kind, factor, of: stream === '' ? {} : { stream } } : 'a factor from 0 to 1000';
    }
    case 'add-hosts': {
      const count = Number(number);
      return Number.isInteger(count) && count >= 1 && count <= 1_000
        ? { kind, count }
        : 'a number from 1 to 1000';
    }
    case 'lose-host':
    case 'drain-host':
      return names.hosts.some(({ id }) => id === host) ? { kind, host } : 'choose a host';
    case 'move':
      if (!/^\d+$/.test(shardlet.trim())) return 'the number of a shardlet';
      return host === '' ? 'choose a host' : { kind, shardlet: shardlet.trim(), to: host };
    case 'split':
      return /^\d+$/.test(shardlet.trim()) ? { kind, shardlet: shardlet.trim() } : 'the number of a shardlet';
    case 'policy':
      return settingOf(setting);
  }
}

/** `host.fullness=0.7`; several with commas. */
function settingOf(text: string): WhatIfChange | string {
  const policy: Record<string, unknown> = {};
  for (const one of text.split(',')) {
    const [, group, name, value] = /^\s*(\w+)(?:\.(\w+))?\s*=\s*(\S+)\s*$/.exec(one) ?? [];
    if (group === undefined || value === undefined)
      return 'a setting and its value, such as host.fullness=0.7';
    const parsed = Number.isNaN(Number(value)) ? value : Number(value);
    if (name === undefined) policy[group] = parsed;
    else policy[group] = { ...(policy[group] as object | undefined), [name]: parsed };
  }
  return { kind: 'policy', policy };
}
