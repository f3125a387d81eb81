import { cn } from '../class-names.ts';

/** Stands where something will be, in its size, so that nothing jumps. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={cn('block animate-breathe rounded-md bg-hover', className)} />;
}

/** The same for what a page is about: told to those who do not see it. */
export function Loading({ className }: { className?: string }) {
  return (
    <div role="status" aria-label="Loading">
      <Skeleton {...(className === undefined ? {} : { className })} />
    </div>
  );
}
