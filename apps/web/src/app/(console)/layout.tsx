import type { ReactNode } from 'react';
import { ConsoleProviders } from '../../components/providers.tsx';
import { Shell } from '../../components/shell/shell.tsx';
import { whoIsSignedIn } from '../../server/identity/who-is-signed-in.ts';

/** Everything but the door: for people who are signed in. Each call is judged again, so this leads the way only. */
export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const user = await whoIsSignedIn();
  return (
    <ConsoleProviders>
      <Shell user={user}>{children}</Shell>
    </ConsoleProviders>
  );
}
