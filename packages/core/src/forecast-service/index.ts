export * from './calibration-book.ts';
export * from './expensive-models.ts';
export * from './forecast-store.ts';
export type { PlaceForecast } from './place-forecast.ts';
export * from './resolution.ts';
export * from './stores.ts';
export * from './stream-forecast.ts';
export * from './stream-predictor.ts';
export * from './training.ts';
