'use client';

import { ToggleGroup } from 'radix-ui';

/** One of a few: all choices are visible, one is pressed. */
export function Segmented<T extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: T;
  choices: readonly (readonly [value: T, text: string])[];
  onChange(value: T): void;
}) {
  return (
    <ToggleGroup.Root
      type="single"
      aria-label={label}
      value={value}
      onValueChange={(next) => next !== '' && onChange(next as T)}
      className="inline-flex max-w-full overflow-x-auto rounded-md border border-line bg-sunken p-0.5"
    >
      {choices.map(([choice, text]) => (
        <ToggleGroup.Item
          key={choice}
          value={choice}
          className="h-7 shrink-0 rounded-sm px-2.5 text-xs font-medium text-soft transition-colors hover:text-text data-[state=on]:bg-surface data-[state=on]:text-text data-[state=on]:shadow-card dark:data-[state=on]:bg-hover"
        >
          {text}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
