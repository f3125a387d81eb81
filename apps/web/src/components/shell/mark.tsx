/** The mark: three shards, each one step ahead of the one above. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true">
      <rect width="32" height="32" rx="8.5" fill="var(--accent)" />
      <g fill="var(--on-accent)">
        <path d="M7 8.2 16 5.4v4.9L7 13.100z" opacity="0.5" />
        <path d="M7 16.100 20.500 11.900v4.900L7 21z" opacity="0.75" />
        <path d="M7 24 25 18.400v4.900L13 27H7z" />
      </g>
    </svg>
  );
}
