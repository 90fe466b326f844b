export interface ChosenProps {
  title: string;
  value: string;
  detail?: string;
  onChange: () => void;
}

/** What was chosen in an earlier step, and the way back to it. */
export const Chosen = ({ title, value, detail, onChange }: ChosenProps) => (
  <p className="chosen">
    <span className="chosen-title">{title}</span>
    <span>
      <strong>{value}</strong>
      {detail && <span className="detail">{detail}</span>}
    </span>
    <button type="button" className="plain" aria-label={`Change ${title}`} onClick={onChange}>
      Change
    </button>
  </p>
);
