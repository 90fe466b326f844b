import { useLeave, useMayGoBack } from '../elements/dialog.tsx';

export interface ChosenProps {
  title: string;
  value: string;
  detail?: string;
  onChange: () => void;
}

/** What was chosen in an earlier step, and the way back to it. */
export function Chosen({ title, value, detail, onChange }: ChosenProps) {
  const mayGoBack = useMayGoBack();
  const leave = useLeave();
  return (
    <p className="chosen">
      <span className="chosen-title">{title}</span>
      <span>
        <strong>{value}</strong>
        {detail && <span className="detail">{detail}</span>}
      </span>
      <button
        type="button"
        className="plain"
        aria-label={`Change ${title}`}
        aria-disabled={!mayGoBack}
        onClick={() => mayGoBack && leave(onChange)}
      >
        Change
      </button>
    </p>
  );
}
