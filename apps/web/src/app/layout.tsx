import type { Metadata, Viewport } from 'next';
import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { PageProviders } from '../components/providers.tsx';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'Overview · Foreshard', template: '%s · Foreshard' },
  description: 'The console of Foreshard: hosts, shardlets and the load they carry, live.',
};

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f6f8f9' },
    { media: '(prefers-color-scheme: dark)', color: '#0d1317' },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Reading a header makes every page dynamic: nothing of a cluster is known when the console is built.
  const nonce = (await headers()).get('x-nonce') ?? undefined;
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <PageProviders nonce={nonce}>{children}</PageProviders>
      </body>
    </html>
  );
}
