import { PortalReturn } from './connection/portal-return.tsx';
import { NoticeBoard } from './elements/notice-board.tsx';
import { Finder } from './find/finder.tsx';
import { PatientPage } from './patient/patient-page.tsx';
import { selectPatient, useSelectedPatient } from './session/selected-patient.ts';
import { useViewer, ViewerGate } from './session/viewer.tsx';

/** Staff find a patient and work on their record; a patient sees their own. */
function Content() {
  const { isStaff, patientId } = useViewer();
  const selected = useSelectedPatient();
  if (!isStaff) {
    return (
      <main id="content" className="single" tabIndex={-1}>
        <NoticeBoard>
          <PortalReturn />
          {patientId === undefined ? (
            <p className="empty">
              You are not in the clinic’s register yet. Ask at the front desk.
            </p>
          ) : (
            <PatientPage patientId={patientId} />
          )}
        </NoticeBoard>
      </main>
    );
  }
  return (
    <div className={selected === undefined ? 'workplace' : 'workplace has-patient'}>
      <aside className="finder-side" aria-label="Patients">
        <Finder selected={selected} />
      </aside>
      <main id="content" tabIndex={-1}>
        {/* Whatever there is to show of the patient: on a phone nothing else leads back. */}
        {selected !== undefined && (
          <button
            type="button"
            className="plain to-finder"
            onClick={() => selectPatient(undefined)}
          >
            Find another patient
          </button>
        )}
        {/* What is said there is about this patient, and about nobody who is looked at after. */}
        <NoticeBoard key={selected}>
          <PortalReturn />
          {selected === undefined ? (
            <div className="welcome">
              <h1>Front desk</h1>
              <p>Find a patient by name, or onboard a new one, to begin.</p>
            </div>
          ) : (
            <PatientPage patientId={selected} />
          )}
        </NoticeBoard>
      </main>
    </div>
  );
}

export function Workplace() {
  return (
    <ViewerGate>
      <Content />
    </ViewerGate>
  );
}
