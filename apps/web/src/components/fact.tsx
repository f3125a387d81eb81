import type { ReactNode } from 'react';

/** One line of a list of facts (`dl`): what it is, and how much. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-faint text-xs">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
