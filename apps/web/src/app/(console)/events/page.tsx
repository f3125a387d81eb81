import type { Metadata } from 'next';
import { EventsPage as EventsView } from '../../../features/events/events-page.tsx';

export const metadata: Metadata = { title: 'Events' };

export default function EventsPage() {
  return <EventsView />;
}
