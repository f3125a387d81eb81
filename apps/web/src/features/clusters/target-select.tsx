'use client';

import type { ComponentProps } from 'react';
import { Select } from '../../components/ui/field.tsx';

/** Who is told what was approved; the empty value is nobody. */
export function TargetSelect({
  targets,
  ...props
}: { targets: readonly string[] } & Omit<ComponentProps<typeof Select>, 'label' | 'children'>) {
  return (
    <Select label="Told what is approved (a target of Notifications)" {...props}>
      <option value="">nobody: people carry it out</option>
      {targets.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </Select>
  );
}
