'use client';

import { useState } from 'react';

/**
 * What was typed into the fields of a form, by name, and for each name what makes an input or a select one of them:
 * `<Field label="Name" {...field('name')} />`.
 */
export function useTyped<T extends Readonly<Record<string, string>>>(initial: T) {
  const [typed, setTyped] = useState(initial);
  const field = (name: keyof T) => ({
    value: typed[name],
    onChange: (event: { target: { value: string } }) =>
      setTyped((before) => ({ ...before, [name]: event.target.value })),
  });
  return [typed, field] as const;
}
