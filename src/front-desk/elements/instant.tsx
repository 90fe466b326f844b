import { instantText } from './times.ts';

/** An instant in a zone that is named beside it, see `ZoneNote`. */
export const Instant = ({ at, zone }: { at: string; zone: string }) => (
  <time dateTime={at}>{instantText(at, zone)}</time>
);
