export interface ChosenProps {
  title: string;
  value: string;
  onChange: () => void;
}

/** What was chosen in an earlier step, and the way back to it. */
export const Chosen = ({ title, value, onChange }: ChosenProps) => (
  <p className="chosen">
    <span className="chosen-title">{title}</span> <strong>{value}</strong>
    <button type="button" className="plain" aria-label={`Change ${title}`} onClick={onChange}>
      Change
    </button>
  </p>
);
