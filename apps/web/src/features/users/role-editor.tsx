'use client';

/** The roles of one person, each everywhere or within limits. */
import { type Dimension, ROLE_DESCRIPTIONS, ROLES, type Role } from '@foreshard/core/access';
import { Plus, X } from 'lucide-react';
import { useId } from 'react';
import { Button } from '../../components/ui/button.tsx';
import { Select, SmallField } from '../../components/ui/field.tsx';
import { dimensionsOf, NEW_ROLE, type RoleText } from './role-form.ts';

const FIELDS: Record<Dimension, { readonly label: string; readonly placeholder: string }> = {
  streams: { label: 'Streams', placeholder: 'all; or orders, payments/eu-' },
  groups: { label: 'Consumer groups', placeholder: 'all; or billing' },
  clusters: { label: 'Clusters', placeholder: 'all; or ., legacy' },
};

export function RoleEditor({
  roles,
  onChange,
}: {
  roles: readonly RoleText[];
  onChange(roles: readonly RoleText[]): void;
}) {
  const hint = useId();
  return (
    <fieldset className="grid gap-3" aria-describedby={hint}>
      <legend className="mb-2 font-medium text-sm">Roles</legend>
      {roles.map((one, i) => (
        <RoleRow
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have nothing else that stays
          key={i}
          number={i + 1}
          text={one}
          onChange={(next) => onChange(roles.with(i, next))}
          onRemove={() => onChange(roles.toSpliced(i, 1))}
        />
      ))}
      {roles.length === 0 ? (
        <p className="text-sm text-warn">Without a role only the own account can be seen.</p>
      ) : null}
      <Button size="sm" className="justify-self-start" onClick={() => onChange([...roles, NEW_ROLE])}>
        <Plus /> Add a role
      </Button>
      <p id={hint} className="text-faint text-xs">
        Names are separated by commas. After a stream and a slash stands how keys begin, for appends and reads
        by key. The cluster “.” is this one.
      </p>
    </fieldset>
  );
}

function RoleRow({
  number,
  text,
  onChange,
  onRemove,
}: {
  number: number;
  text: RoleText;
  onChange(text: RoleText): void;
  onRemove(): void;
}) {
  const dimensions = dimensionsOf(text.role);
  return (
    <div className="grid gap-2 rounded-md border border-line p-3">
      <div className="flex items-end gap-2">
        <Select
          label={`Role ${number}`}
          className="flex-1"
          value={text.role}
          onChange={(event) => onChange({ ...text, role: event.target.value as Role })}
        >
          {ROLES.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </Select>
        <Button look="quiet" size="icon" aria-label={`Remove role ${number}`} onClick={onRemove}>
          <X />
        </Button>
      </div>
      <p className="text-soft text-xs">{ROLE_DESCRIPTIONS[text.role]}</p>
      {dimensions.length === 0 ? null : (
        <div className="grid gap-2 sm:grid-cols-[repeat(auto-fit,minmax(8rem,1fr))]">
          {dimensions.map((dimension) => (
            <SmallField
              key={dimension}
              label={FIELDS[dimension].label}
              placeholder={FIELDS[dimension].placeholder}
              autoComplete="off"
              spellCheck={false}
              value={text[dimension]}
              onChange={(event) => onChange({ ...text, [dimension]: event.target.value })}
            />
          ))}
        </div>
      )}
    </div>
  );
}
