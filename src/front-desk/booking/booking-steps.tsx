import { useState } from 'react';
import type { AvailabilityFieldsFragment, BookingWalkthroughQuery } from '../../client/client.ts';
import { titleOf } from '../elements/status-tag.tsx';
import { BookingForm } from './booking-form.tsx';
import { Chosen } from './chosen.tsx';
import { ChosenTime } from './chosen-time.tsx';
import { FreeTimes } from './free-times.tsx';
import { OptionList } from './option-list.tsx';

type Patient = NonNullable<BookingWalkthroughQuery['patient']>;
type Insurance = NonNullable<Patient['insurances']>[number];
type Category = NonNullable<Insurance['appointmentCategories']>[number];
export type AppointmentType = NonNullable<Category['appointmentTypes']>[number];

/** What was chosen so far; a step back forgets what came after it. */
interface Choices {
  insurance?: Insurance;
  category?: Category;
  type?: AppointmentType;
  time?: AvailabilityFieldsFragment;
}

export interface BookingStepsProps {
  patientId: string;
  insurances: readonly Insurance[];
  onClose: () => void;
}

/** Said in place of nothing to choose from. */
const emptyOf = (list: readonly unknown[] | null, empty: string) =>
  list === null ? 'What can be booked here could not be asked for.' : empty;

export function BookingSteps({ patientId, insurances, onClose }: BookingStepsProps) {
  const [{ insurance, category, type, time }, setChoices] = useState<Choices>({});
  return (
    <>
      {insurance && (
        <Chosen title="Insurance" value={insurance.name} onChange={() => setChoices({})} />
      )}
      {insurance && category && (
        <Chosen title="Category" value={category.name} onChange={() => setChoices({ insurance })} />
      )}
      {insurance && category && type && (
        <Chosen
          title="Type"
          value={type.name}
          onChange={() => setChoices({ insurance, category })}
        />
      )}
      {!insurance ? (
        <OptionList
          key="insurance"
          title="Who pays?"
          options={insurances.map((each) => ({
            ...each,
            details: [each.type && titleOf(each.type)],
          }))}
          empty="The practice lists no insurance."
          onChoose={(chosen) => setChoices({ insurance: chosen })}
        />
      ) : !category ? (
        <OptionList
          key="category"
          title="Which category?"
          options={(insurance.appointmentCategories ?? []).map((each) => ({
            ...each,
            details: [each.subtitle, each.descriptionText],
          }))}
          empty={emptyOf(
            insurance.appointmentCategories,
            'Nothing can be booked with this insurance.',
          )}
          onChoose={(chosen) => setChoices({ insurance, category: chosen })}
        />
      ) : !type ? (
        <OptionList
          key="type"
          title="What for?"
          options={(category.appointmentTypes ?? []).map((each) => ({
            ...each,
            details: [
              each.durationMinutes !== null && `${each.durationMinutes} minutes`,
              each.isVideoConsultation && 'by video',
              each.descriptionText,
            ],
          }))}
          empty={emptyOf(category.appointmentTypes, 'Nothing can be booked in this category.')}
          onChoose={(chosen) => setChoices({ insurance, category, type: chosen })}
        />
      ) : !time ? (
        <FreeTimes
          patientId={patientId}
          search={{
            insuranceId: insurance.id,
            appointmentCategoryId: category.id,
            appointmentTypeId: type.id,
          }}
          onChoose={(chosen) => setChoices({ insurance, category, type, time: chosen })}
        />
      ) : (
        <>
          <ChosenTime
            title="Time"
            time={time}
            onChange={() => setChoices({ insurance, category, type })}
          />
          <BookingForm
            patientId={patientId}
            type={type}
            time={time}
            onOtherTime={(other) => setChoices({ insurance, category, type, time: other })}
            onBack={() => setChoices({ insurance, category, type })}
            onClose={onClose}
          />
        </>
      )}
    </>
  );
}
