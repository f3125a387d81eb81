'use client';

/** Somebody else has saved meanwhile: both are shown, and where both changed the same setting somebody chooses. */
import { useState } from 'react';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import type { PolicyField } from '../../server/policies/policy-fields.ts';
import { type Collision, collisionsOf, type Version, valueText } from './policy-values.ts';
import type { PolicyFormState } from './use-policy-form.ts';

interface NewerProps {
  readonly state: PolicyFormState;
  readonly newest: Version;
  readonly fields: readonly PolicyField[];
}

const CHOICES = [
  ['mine', 'Mine'],
  ['theirs', 'Theirs'],
] as const;

export function NewerVersion({ state, newest, fields }: NewerProps) {
  const [theirs, setTheirs] = useState<ReadonlySet<string>>(new Set());
  const { base, draft, putOnNewest } = state;
  const choose = (path: string, isTheirs: boolean) =>
    setTheirs(new Set([...theirs].filter((one) => one !== path).concat(isTheirs ? path : [])));
  return (
    <Card aria-labelledby="newer-title" className="border-warn-mark/60">
      <CardHead
        id="newer-title"
        title={`${newest.actor} saved version ${newest.version} meanwhile`}
        hint="Nothing you typed is lost, and nothing is saved yet"
      >
        <Button size="sm" onClick={() => putOnNewest(theirs)}>
          {`Put my changes on version ${newest.version}`}
        </Button>
      </CardHead>
      <ul className="border-line border-t">
        {collisionsOf(base.policy, newest.policy, draft).map((one) => (
          <CollisionRow
            key={one.path}
            {...{ collision: one, fields, isTheirs: theirs.has(one.path) }}
            onChoose={(isTheirs) => choose(one.path, isTheirs)}
          />
        ))}
      </ul>
    </Card>
  );
}

function CollisionRow({
  collision: { path, was, theirs, mine },
  fields,
  isTheirs,
  onChoose,
}: {
  collision: Collision;
  fields: readonly PolicyField[];
  isTheirs: boolean;
  onChoose(isTheirs: boolean): void;
}) {
  const text = (value: unknown) => valueText(path, value, fields);
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-1.5 border-line border-b px-5 py-2.5 text-sm last:border-b-0">
      <span className="min-w-48 break-all font-mono text-xs">{path}</span>
      <span className="tabular">{`Theirs: ${text(was)} → ${text(theirs)}`}</span>
      {mine === undefined ? (
        <span className="text-faint text-xs">not changed by you</span>
      ) : (
        <>
          <span className="tabular">{`Mine: ${text(mine)}`}</span>
          <Segmented
            label={`Which value of ${path}`}
            value={isTheirs ? 'theirs' : 'mine'}
            choices={CHOICES}
            onChange={(choice) => onChoose(choice === 'theirs')}
          />
        </>
      )}
    </li>
  );
}
