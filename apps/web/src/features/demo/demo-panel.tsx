'use client';

/** On the overview while a demo is under way: its load is not the users'. */
import { isUnderWay } from '@foreshard/core/demo';
import { Eye } from 'lucide-react';
import Link from 'next/link';
import { useDemo } from './use-demo.ts';

export function DemoPanel() {
  const { data: status } = useDemo();
  if (status === undefined || !isUnderWay(status)) return null;
  return (
    <section
      aria-label="Demo"
      className="card flex flex-wrap items-center gap-x-4 gap-y-2 border-accent-line px-5 py-4"
    >
      <Eye aria-hidden className="size-5 text-accent" />
      <p className="mr-auto">
        <span className="font-medium">A demo is under way.</span>{' '}
        <span className="text-soft text-sm">{status.step}</span>
      </p>
      <Link href="/demo" className="font-medium text-accent text-sm hover:underline">
        Watch it
      </Link>
    </section>
  );
}
