'use client';

import { AUDIT_OUTCOMES } from '@foreshard/core/audit';
import { RESOURCES } from '@foreshard/core/operations';
import { Search } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/ui/button.tsx';
import { Select, SmallField } from '../../components/ui/field.tsx';
import { type AuditAddress, BACK_CHOICES, type Back } from './audit-address.ts';

const BACK_NAMES: Record<Back, string> = {
  '1h': 'the last hour',
  '24h': 'the last 24 hours',
  '7d': 'the last 7 days',
  '30d': 'the last 30 days',
  all: 'all that is kept',
  set: 'a time range',
};

export type FilterChange = Partial<Omit<AuditAddress, 'cursor' | 'record'>>;

/** What is typed counts when the form is sent; what is chosen counts at once. */
export function AuditFilters({
  address,
  onChange,
}: {
  address: AuditAddress;
  onChange(change: FilterChange): void;
}) {
  const [back, setBack] = useState(address.back);
  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim() || null;
    onChange({
      ...{ actor: text('actor'), operation: text('operation'), text: text('text'), back },
      resource: text('resource') as AuditAddress['resource'],
      outcome: text('outcome') as AuditAddress['outcome'],
      ...{ since: instant(text('since')), until: instant(text('until')) },
    });
  }
  // another link is another form
  const identity = JSON.stringify({ ...address, cursor: null, record: null });
  return (
    <form key={identity} onSubmit={onSubmit} className="grid gap-3">
      <div className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-[1.3fr_1fr_9rem_9rem_11rem_1.2fr_auto] xl:items-end">
        <SmallField
          label="Actor"
          name="actor"
          defaultValue={address.actor ?? ''}
          placeholder="ann@example.com, token:shop"
        />
        <SmallField
          label="Operation"
          name="operation"
          defaultValue={address.operation ?? ''}
          placeholder="hosts.drain"
        />
        <Select label="Resource" name="resource" defaultValue={address.resource ?? ''}>
          <option value="">any</option>
          {RESOURCES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
        <Select label="Outcome" name="outcome" defaultValue={address.outcome ?? ''}>
          <option value="">any</option>
          {AUDIT_OUTCOMES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
        <Select label="Time" value={back} onChange={(event) => setBack(event.target.value as Back)}>
          {BACK_CHOICES.map((choice) => (
            <option key={choice} value={choice}>
              {BACK_NAMES[choice]}
            </option>
          ))}
        </Select>
        <SmallField
          label="Text"
          name="text"
          defaultValue={address.text ?? ''}
          placeholder="address, reason, input"
        />
        <Button type="submit" look="primary" className="max-xl:self-end">
          <Search /> Search
        </Button>
      </div>
      {back !== 'set' ? null : (
        <div className="grid grid-cols-2 gap-3 md:grid-cols-4">
          <SmallField
            label="From (local time)"
            name="since"
            type="datetime-local"
            defaultValue={localOf(address.since)}
          />
          <SmallField
            label="To (local time)"
            name="until"
            type="datetime-local"
            defaultValue={localOf(address.until)}
          />
        </div>
      )}
    </form>
  );
}

const LOCAL_LENGTH = 'yyyy-mm-ddThh:mm'.length;
const MINUTE_MS = 60_000;

function localOf(instantText: string | null): string {
  if (instantText === null) return '';
  const at = new Date(instantText);
  return new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, LOCAL_LENGTH);
}

function instant(local: string | null): string | null {
  return local === null ? null : new Date(local).toISOString();
}
