'use client';

/** Who I am here, and the way out. */
import { CircleUser, LogOut, UserCog } from 'lucide-react';
import type { Route } from 'next';
import Link from 'next/link';
import { DropdownMenu } from 'radix-ui';
import { toast } from 'sonner';
import type { SignedInUser } from '../../server/identity/who-is-signed-in.ts';
import { Button } from '../ui/button.tsx';

const item =
  'flex h-8 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-sm text-soft outline-none data-[highlighted]:bg-hover';

export function UserMenu({ email, name, roles }: SignedInUser) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button look="quiet" size="icon" aria-label={`Signed in as ${email}`}>
          <CircleUser />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={6}
          className="z-50 min-w-56 max-w-[calc(100vw-1rem)] animate-fade rounded-md border border-line bg-surface p-1 shadow-raised"
        >
          <DropdownMenu.Label className="grid gap-0.5 px-2 pt-1.5 pb-2">
            <span className="truncate font-medium text-sm">{name}</span>
            {name === email ? null : <span className="truncate text-faint text-xs">{email}</span>}
            <span className="text-faint text-xs">{roles.join(', ') || 'no role'}</span>
          </DropdownMenu.Label>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item asChild className={item}>
            <Link href={'/account' as Route}>
              <UserCog className="size-4" aria-hidden /> Account
            </Link>
          </DropdownMenu.Item>
          <DropdownMenu.Item className={item} onSelect={() => void signOut()}>
            <LogOut className="size-4" aria-hidden /> Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

async function signOut(): Promise<void> {
  const answer = await fetch('/api/session', { method: 'DELETE' }).catch(() => undefined);
  if (answer?.ok !== true) {
    toast.error('You are still signed in', {
      description: 'The console could not end the session. Try again.',
    });
    return;
  }
  const { elsewhere } = (await answer.json()) as { readonly elsewhere?: string };
  window.location.assign(elsewhere ?? '/sign-in');
}
