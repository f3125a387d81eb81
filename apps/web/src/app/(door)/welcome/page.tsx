import type { Metadata } from 'next';
import { Welcome } from '../../../features/door/welcome.tsx';

export const metadata: Metadata = { title: 'Welcome' };

export default function WelcomePage() {
  return <Welcome />;
}
