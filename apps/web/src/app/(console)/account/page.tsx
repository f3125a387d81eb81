import type { Metadata } from 'next';
import { AccountPage as View } from '../../../features/account/account-page.tsx';

export const metadata: Metadata = { title: 'Account' };

export default function AccountPage() {
  return <View />;
}
