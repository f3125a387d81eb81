import type { Metadata } from 'next';
import { UsersPage as View } from '../../../features/users/users-page.tsx';

export const metadata: Metadata = { title: 'Users & roles' };

export default function UsersPage() {
  return <View />;
}
