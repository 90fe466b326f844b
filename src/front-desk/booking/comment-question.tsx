import { ChoiceField } from '../elements/choice-field.tsx';
import { TextArea } from '../elements/text-area.tsx';
import { TextField } from '../elements/text-field.tsx';
import { fieldOf, type Question, takesSeveral } from './comment-answers.ts';

/** One question that the practice asks beforehand. */
export function CommentQuestion(props: { question: Question; problem: string | undefined }) {
  const { question, problem } = props;
  const { name: label, kind, required, choices } = question;
  const field = { name: fieldOf(question), label, required, problem };
  if (choices !== null && takesSeveral(question)) {
    return (
      <fieldset className="checks">
        <legend>{required ? label : `${label} (optional)`}</legend>
        {choices.map((choice) => (
          <label key={choice}>
            <input type="checkbox" name={field.name} value={choice} /> {choice}
          </label>
        ))}
        {problem && <p className="field-problem">{problem}</p>}
      </fieldset>
    );
  }
  if (choices !== null) {
    return <ChoiceField {...field} choices={choices.map((choice) => [choice, choice])} />;
  }
  switch (kind) {
    case 'textarea':
      return <TextArea {...field} />;
    case 'date':
    case 'time':
      return <TextField {...field} type={kind} />;
    default:
      return <TextField {...field} />;
  }
}
