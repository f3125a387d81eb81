import { Notice } from './notice.tsx';
import { Card } from './ui/card.tsx';

/** Instead of a page for whoever may not see it. */
export function Barred({ why, what }: { why: string; what: string }) {
  return (
    <Card>
      <Notice title="Not for your role" why={`${why} to see ${what}. An administrator can give it to you.`} />
    </Card>
  );
}
