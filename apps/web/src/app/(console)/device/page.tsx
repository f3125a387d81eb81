import type { Metadata } from 'next';
import { DevicePage as View } from '../../../features/account/device-page.tsx';

export const metadata: Metadata = { title: 'Let a command line in' };

type Search = Promise<Readonly<Record<string, string | string[] | undefined>>>;

export default async function DevicePage({ searchParams }: { searchParams: Search }) {
  const { code } = await searchParams;
  return <View code={typeof code === 'string' ? code : ''} />;
}
