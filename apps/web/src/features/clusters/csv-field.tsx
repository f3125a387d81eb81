'use client';

import { type ReactNode, useId, useState } from 'react';
import { inputClass } from '../../components/ui/field.tsx';
import { formatBytes } from '../../formatting/numbers.ts';

/** What one request takes; longer records are imported by the command line. */
const BYTES_MAX = 4 * 1_048_576;

/** A file that is read here and goes as text; undefined while none is chosen. */
export function CsvField({
  label,
  hint,
  error,
  onText,
}: {
  label: string;
  hint: ReactNode;
  /** what is wrong in the file that was chosen */
  error?: string | undefined;
  onText(text: string | undefined): void;
}) {
  const id = useId();
  const [tooLarge, setTooLarge] = useState<string>();
  const problem = tooLarge ?? error;
  async function take(file: File | undefined) {
    const isLarge = file !== undefined && file.size > BYTES_MAX;
    setTooLarge(
      isLarge
        ? `It has ${formatBytes(file.size)}, and one request takes ${formatBytes(BYTES_MAX)}: import it with “foreshard clusters import --direct”.`
        : undefined,
    );
    onText(file === undefined || isLarge ? undefined : await file.text());
  }
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium text-sm">
        {label}
      </label>
      <input
        id={id}
        type="file"
        accept=".csv,text/csv"
        aria-describedby={`${id}-hint`}
        aria-invalid={problem !== undefined}
        className={`${inputClass} py-1.5 file:mr-3 file:rounded file:border-0 file:bg-hover file:px-2 file:py-0.5 file:text-text file:text-xs`}
        onChange={(event) => void take(event.target.files?.[0])}
      />
      <p
        id={`${id}-hint`}
        className={`wrap-anywhere whitespace-pre-line text-xs ${problem === undefined ? 'text-faint' : 'text-bad'}`}
      >
        {problem ?? hint}
      </p>
    </div>
  );
}
