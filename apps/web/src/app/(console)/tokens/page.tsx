import type { Metadata } from 'next';
import { TokensPage as View } from '../../../features/tokens/tokens-page.tsx';

export const metadata: Metadata = { title: 'API tokens' };

export default function TokensPage() {
  return <View />;
}
