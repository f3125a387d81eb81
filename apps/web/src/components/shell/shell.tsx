'use client';

/** The frame around every page: navigation, the head with what concerns all of them, and shortcuts. */
import { Menu } from 'lucide-react';
import { usePathname } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import type { SignedInUser } from '../../server/identity/who-is-signed-in.ts';
import { LiveBadge } from '../live/live-badge.tsx';
import { AccountFollower } from '../may-button.tsx';
import { CommandPalette } from '../palette/command-palette.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogTrigger, Drawer } from '../ui/dialog.tsx';
import { Navigation } from './navigation.tsx';
import { pageAt } from './pages.ts';
import { ShortcutsDialog } from './shortcuts.tsx';
import { ThemeToggle } from './theme-toggle.tsx';
import { UserMenu } from './user-menu.tsx';
import { ZoneToggle } from './zone-toggle.tsx';

export function Shell({ user, children }: { user: SignedInUser; children: ReactNode }) {
  return (
    <div className="lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <AccountFollower />
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-surface px-3 py-2 focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:shadow-raised"
      >
        Skip to the content
      </a>
      <aside className="sticky top-0 hidden h-dvh border-line border-r bg-surface lg:block">
        <Navigation cluster={user.cluster} />
      </aside>
      <div className="flex min-h-dvh min-w-0 flex-col">
        <Head user={user} />
        <main
          id="content"
          tabIndex={-1}
          className="mx-auto w-full max-w-[90rem] flex-1 p-4 pb-12 sm:p-6 lg:px-8"
        >
          {children}
        </main>
      </div>
    </div>
  );
}

function Head({ user }: { user: SignedInUser }) {
  const title = pageAt(usePathname())?.name ?? 'Foreshard';
  return (
    <header className="sticky top-0 z-30 border-line border-b bg-canvas/85 backdrop-blur-md">
      <div className="mx-auto flex h-14 max-w-[90rem] items-center gap-2 px-4 sm:px-6 lg:px-8">
        <NarrowNavigation cluster={user.cluster} />
        <h1 className="mr-auto truncate text-md font-semibold">{title}</h1>
        <CommandPalette />
        <LiveBadge />
        <ZoneToggle className="hidden sm:inline-flex" />
        <ThemeToggle />
        <ShortcutsDialog className="hidden sm:inline-flex" />
        <UserMenu {...user} />
      </div>
    </header>
  );
}

function NarrowNavigation({ cluster }: { cluster: string | null }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>
        <Button look="quiet" size="icon" className="-ml-2 lg:hidden" aria-label="Open the navigation">
          <Menu />
        </Button>
      </DialogTrigger>
      <Drawer title="Navigation">
        <Navigation cluster={cluster} onNavigate={() => setOpen(false)} />
        <div className="border-line border-t px-4 py-3 sm:hidden">
          <ZoneToggle className="w-full" />
        </div>
      </Drawer>
    </Dialog>
  );
}
