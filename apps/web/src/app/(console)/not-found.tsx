import Link from 'next/link';
import { Notice } from '../../components/notice.tsx';

export default function NotFound() {
  return (
    <Notice title="There is no such page" why="The address may be mistyped, or belong to another version.">
      <Link className="font-medium text-accent underline-offset-4 hover:underline" href="/">
        Go to the overview
      </Link>
    </Notice>
  );
}
