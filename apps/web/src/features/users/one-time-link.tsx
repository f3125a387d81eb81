'use client';

import { Button } from '../../components/ui/button.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { DialogClose } from '../../components/ui/dialog.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatMoment } from '../../formatting/time.ts';

/** Shown once: it is kept nowhere. */
export function OneTimeLink({ email, path, expiresAt }: { email: string; path: string; expiresAt: string }) {
  const { zone } = useZone();
  return (
    <div className="mt-4 grid gap-3" role="status">
      <p className="text-sm">
        Hand this link to {email}. It works once, until {formatMoment(Date.parse(expiresAt), zone)}, and is
        not shown again.
      </p>
      <Command text={window.location.origin + path} label="Copy link" />
      <p className="text-soft text-xs">Whoever has the link can use it: send it where only {email} reads.</p>
      <DialogClose asChild>
        <Button look="primary" className="justify-self-end">
          Done
        </Button>
      </DialogClose>
    </div>
  );
}
