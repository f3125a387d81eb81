'use client';

import { useRef } from 'react';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';
import type { DoorState } from '../../server/identity/door-state.ts';
import { ProblemNote, send, useDoorForm } from './door-form.tsx';

/** Why somebody is led here, beside "not signed in". */
const BECAUSE: Readonly<Record<string, string>> = {
  store:
    'PostgreSQL does not answer, so it is not known who you are. Sign in once it is back; events flow on.',
  provider: 'The identity provider cannot be reached. Try again later, or sign in with a local account.',
  state: 'That sign-in was started elsewhere, or took too long. Start it again.',
  refused: 'The identity provider did not let you in. Ask an administrator of the provider.',
  roles:
    'You are known to the identity provider, but none of your groups has a role here. Ask an administrator.',
  taken:
    'There is a local account with your e-mail address. Sign in with its password, or ask an administrator.',
  disabled: 'Your account is disabled. Ask an administrator.',
};

export function SignIn({
  next,
  because,
  state,
}: {
  next: string;
  because: string | undefined;
  state: DoorState;
}) {
  if (state.people === 'empty' && state.provider === undefined) return <NobodyYet />;
  const reason = because === undefined ? undefined : BECAUSE[because];
  return (
    <>
      <h1 className="font-semibold text-xl">Sign in</h1>
      {reason === undefined ? null : <ProblemNote>{reason}</ProblemNote>}
      {state.provider === undefined ? null : (
        <>
          <Button asChild look="primary" className="w-full">
            <a href={`/api/oidc/start?${new URLSearchParams({ next })}`}>Sign in with {state.provider}</a>
          </Button>
          <p className="text-center text-faint text-xs">or with a local account</p>
        </>
      )}
      <PasswordForm next={next} />
    </>
  );
}

function PasswordForm({ next }: { next: string }) {
  const form = useRef<HTMLFormElement>(null);
  const { problem, busy, submit } = useDoorForm(async () => {
    const found = await send('POST', '/api/session', Object.fromEntries(new FormData(form.current!)));
    // a whole load: nothing of who was here before stays
    if (found === undefined) window.location.assign(next);
    return found;
  });
  return (
    <form ref={form} onSubmit={submit} className="grid gap-4">
      {problem === undefined ? null : <ProblemNote key={problem.detail}>{problem.detail}</ProblemNote>}
      <Field label="E-mail" name="email" type="email" autoComplete="username" required autoFocus />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required />
      <Button type="submit" look="primary" disabled={busy}>
        {busy ? 'Signing in …' : 'Sign in'}
      </Button>
    </form>
  );
}

function NobodyYet() {
  return (
    <>
      <h1 className="font-semibold text-xl">No administrator yet</h1>
      <p className="text-soft">
        Open the one-time link that <code>npm start</code> printed. It makes the first administrator and holds
        for 15 minutes.
      </p>
      <p className="text-soft">
        For a new link, run this on the machine of the control plane:
        <code className="mt-2 block rounded-md bg-sunken px-3 py-2 font-mono text-text text-xs">
          npm run foreshard -- users link
        </code>
      </p>
    </>
  );
}
