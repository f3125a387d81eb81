import type { ReactNode } from 'react';
import { Mark } from '../../components/shell/mark.tsx';
import { ThemeToggle } from '../../components/shell/theme-toggle.tsx';

/** Pages before the sign-in: they know nothing of the cluster. */
export default function DoorLayout({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex h-14 items-center justify-end px-4 sm:px-6">
        <ThemeToggle />
      </header>
      <main className="mx-auto grid w-full max-w-sm flex-1 content-start gap-6 px-5 pt-[8vh] pb-16">
        <div className="flex items-center gap-2.5">
          <Mark className="size-8" />
          <span className="font-semibold text-lg tracking-tight">Foreshard</span>
        </div>
        {children}
      </main>
    </div>
  );
}
