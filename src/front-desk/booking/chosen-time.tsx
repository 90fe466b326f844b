import type { AvailabilityFieldsFragment } from '../../client/client.ts';
import { instantText, zoneText } from '../elements/times.ts';
import { useClinicZone } from '../session/clinic-zone.ts';
import { Chosen } from './chosen.tsx';

export interface ChosenTimeProps {
  title: string;
  time: AvailabilityFieldsFragment;
  onChange: () => void;
}

export function ChosenTime({ title, time, onChange }: ChosenTimeProps) {
  const clinicZone = useClinicZone();
  const zone = time.timeZone ?? clinicZone;
  return (
    <Chosen
      title={title}
      value={instantText(time.start, zone)}
      detail={zoneText(zone)}
      onChange={onChange}
    />
  );
}
