import { zoneText } from './times.ts';

/** Says in which zones the times beside it are. */
export function ZoneNote({ zones }: { zones: readonly string[] }) {
  const different = [...new Set(zones)];
  return (
    different.length > 0 && (
      <p className="zone-note">Times in {different.map(zoneText).join(' and ')}</p>
    )
  );
}
