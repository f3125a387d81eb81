import type { Metadata } from 'next';
import { ForecastsPage as ForecastsView } from '../../../features/forecasts/forecasts-page.tsx';

export const metadata: Metadata = { title: 'Forecasts' };

export default function ForecastsPage() {
  return <ForecastsView />;
}
