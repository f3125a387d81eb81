import { Loading } from '../../components/ui/skeleton.tsx';

/** In a card below the first: its own reason, in one line. */
export function NotRead({ error }: { error: { message: string } | null }) {
  if (error === null) return <Loading className="mx-5 mb-5 h-16" />;
  return <p className="px-5 pb-5 text-soft text-sm">It cannot be read now: {error.message}</p>;
}
