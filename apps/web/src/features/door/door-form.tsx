'use client';

/** What the forms at the door share: they are sent once at a time, and say in words what is wrong. */
import { CircleAlert } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';

export interface Problem {
  readonly detail: string;
  readonly field?: string;
}

const AWAY: Problem = { detail: 'The console does not answer. Check the connection and try again.' };

/** `undefined`: it was done. */
export async function send(
  method: 'POST' | 'DELETE',
  url: string,
  body?: object,
): Promise<Problem | undefined> {
  const answer = await ask<Problem>(method, url, body);
  return answer.ok ? undefined : answer.problem;
}

type Asked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export async function ask<T>(method: 'POST' | 'DELETE', url: string, body?: object): Promise<Asked<T>> {
  try {
    const response = await fetch(url, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const value = await response.json();
    return response.ok ? { ok: true, value } : { ok: false, problem: value as Problem };
  } catch {
    return { ok: false, problem: AWAY };
  }
}

/** `give` answers what is wrong; otherwise it leads away from the page. */
export function useDoorForm(give: () => Promise<Problem | undefined>) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: { preventDefault(): void }) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const found = await give();
    if (found === undefined) return;
    setProblem(found);
    setBusy(false);
  }
  return { problem, busy, submit };
}

/** Read out when it appears; the focus goes there, since the form stays as it is. */
export function ProblemNote({ children }: { children: ReactNode }) {
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => note.current?.focus(), []);
  return (
    <div
      ref={note}
      role="alert"
      tabIndex={-1}
      className="flex gap-2.5 rounded-md border border-line bg-bad-soft px-3 py-2.5 text-bad text-sm"
    >
      <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <p>{children}</p>
    </div>
  );
}
