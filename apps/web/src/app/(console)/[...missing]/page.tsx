import { notFound } from 'next/navigation';

/** Below the shell, so that an address that nothing has is told to those who are signed in, and leads others there. */
export default function MissingPage(): never {
  notFound();
}
