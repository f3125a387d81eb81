import type { Metadata } from 'next';
import { NotificationsPage as NotificationsView } from '../../../features/notifications/notifications-page.tsx';

export const metadata: Metadata = { title: 'Notifications' };

export default function NotificationsPage() {
  return <NotificationsView />;
}
