import { Step } from './step.tsx';

export interface Option {
  id: string;
  name: string;
  /** What else is worth knowing of it. */
  details: readonly (string | null | false | undefined)[];
}

export interface OptionListProps<Of extends Option> {
  title: string;
  options: readonly Of[];
  empty: string;
  onChoose: (option: Of) => void;
}

/** A step in which one of a few is chosen. */
export const OptionList = <Of extends Option>(props: OptionListProps<Of>) => (
  <Step title={props.title}>
    {props.options.length === 0 && <p className="empty">{props.empty}</p>}
    <ul className="options">
      {props.options.map((option) => (
        <li key={option.id}>
          <button type="button" onClick={() => props.onChoose(option)}>
            <strong>{option.name}</strong>
            {option.details.some(Boolean) && (
              <span className="detail">{option.details.filter(Boolean).join(' · ')}</span>
            )}
          </button>
        </li>
      ))}
    </ul>
  </Step>
);
