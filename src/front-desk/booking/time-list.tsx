import { useEffect, useRef, useState } from 'react';
import type { AvailabilityFieldsFragment } from '../../client/client.ts';
import { dayKey, dayText, instantText, timeText } from '../elements/times.ts';
import { ZoneNote } from '../elements/zone-note.tsx';
import { useClinicZone } from '../session/clinic-zone.ts';

export interface TimeListProps {
  times: readonly AvailabilityFieldsFragment[];
  onChoose: (time: AvailabilityFieldsFragment) => void;
}

const daysAtOnce = 5;

/** Free times, day by day. */
export function TimeList({ times, onChoose }: TimeListProps) {
  const clinicZone = useClinicZone();
  const [shown, setShown] = useState(daysAtOnce);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (shown > daysAtOnce) {
      // Who works at the keyboard goes on with the days that were added.
      const added = list.current?.children[shown - daysAtOnce];
      added?.querySelector('button')?.focus();
    }
  }, [shown]);
  const zoneOf = ({ timeZone }: AvailabilityFieldsFragment) => timeZone ?? clinicZone;
  const days = Map.groupBy(times, (time) => dayKey(time.start, zoneOf(time)));
  return (
    <>
      <ZoneNote zones={times.map(zoneOf)} />
      <div ref={list} className="days">
        {[...days].slice(0, shown).map(([key, ofDay]) => (
          <div key={key} className="day">
            <h4>{ofDay[0] && dayText(ofDay[0].start, zoneOf(ofDay[0]))}</h4>
            <ul>
              {ofDay.map((time) => (
                <li key={time.id}>
                  <button
                    type="button"
                    aria-label={instantText(time.start, zoneOf(time))}
                    onClick={() => onChoose(time)}
                  >
                    {timeText(time.start, zoneOf(time))}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
      {days.size > shown && (
        <button type="button" onClick={() => setShown(shown + daysAtOnce)}>
          Later days
        </button>
      )}
    </>
  );
}
