import { ChoiceField } from '../elements/choice-field.tsx';
import { TextArea } from '../elements/text-area.tsx';
import { TextField } from '../elements/text-field.tsx';
import { fieldOf, type Question, takesSeveral } from './comment-answers.ts';
import { SeveralChoices } from './several-choices.tsx';

/** One question that the practice asks beforehand. */
export function CommentQuestion(props: { question: Question; problem: string | undefined }) {
  const { question, problem } = props;
  const { name: label, kind, required, choices } = question;
  const field = { name: fieldOf(question), label, required, problem };
  if (choices !== null && takesSeveral(question)) {
    return <SeveralChoices {...field} choices={choices} />;
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
