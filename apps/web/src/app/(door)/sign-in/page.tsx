import type { Metadata } from 'next';
import { SignIn } from '../../../features/door/sign-in.tsx';
import { doorState } from '../../../server/identity/door-state.ts';
import { localPath } from '../../../server/identity/local-path.ts';

export const metadata: Metadata = { title: 'Sign in' };

type Search = Promise<Readonly<Record<string, string | string[] | undefined>>>;

export default async function SignInPage({ searchParams }: { searchParams: Search }) {
  const { next, because } = await searchParams;
  const state = await doorState();
  return (
    <SignIn
      next={localPath(next)}
      because={typeof because === 'string' ? because : undefined}
      state={state}
    />
  );
}
