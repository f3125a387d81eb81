'use client';

import { Button } from '../../components/ui/button.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { DialogClose } from '../../components/ui/dialog.tsx';

/** Shown once: only its hash is kept. */
export function ShownToken({ name, token, more }: { name: string; token: string; more?: string }) {
  return (
    <div className="mt-4 grid gap-3" role="status">
      <p className="text-sm">
        The token of <span className="font-medium">{name}</span>. Keep it now: it is not shown again.
      </p>
      <Command text={token} label="Copy token" />
      {more === undefined ? null : <p className="text-soft text-sm">{more}</p>}
      <DialogClose asChild>
        <Button look="primary" className="justify-self-end">
          I have kept it
        </Button>
      </DialogClose>
    </div>
  );
}
