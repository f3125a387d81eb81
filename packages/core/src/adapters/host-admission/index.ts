export * from './admission.ts';
export * from './host-settings.ts';
