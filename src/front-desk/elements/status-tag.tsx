const titles: Readonly<Record<string, string>> = {
  E_CONSULT: 'eConsult',
  IN_PROGRESS: 'In progress',
  WALK_IN: 'Walk-in',
};

/** `IN_PROGRESS` as people write it. */
export function titleOf(value: string): string {
  const words = value.toLowerCase().replaceAll('_', ' ');
  return titles[value] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

const good = ['ACTIVE', 'BOOKED', 'CONFIRMED', 'OK'];
const open = ['INVITED', 'PENDING', 'IN_PROGRESS', 'OPEN'];

const toneOf = (status: string) =>
  good.includes(status) ? 'good' : open.includes(status) ? 'open' : 'over';

/** A status in words; its colour only adds to them. */
export const StatusTag = ({ status }: { status: string }) => (
  <span className={`tag ${toneOf(status)}`}>{titleOf(status)}</span>
);
