import { buildSchema, getOperationAST, parse } from 'graphql';
import { expect, it } from 'vitest';
import { planOf } from '../../src/execution/plan.ts';

const schema = buildSchema(`
  interface Node { id: ID! }
  type Patient implements Node { id: ID! node: Node one: Visit two: Visit three: Visit four: Visit }
  type Visit implements Node { id: ID! patient: Patient }
  type Query { patient: Patient node: Node }
`);

const branches = ['one', 'two', 'three', 'four'];
/** Patients of visits of patients: four times as many with each level. */
const levels = (count: number) =>
  Array.from({ length: count }, (_, level) => {
    const below = `{ patient { ...Level${level} } }`;
    const visits = branches.map((name) => `${name} ${below}`).join(' ');
    return `fragment Level${level + 1} on Patient { id ${visits} }`;
  }).join(' ');

const planFor = (top: string, count: number) => {
  const document = parse(
    `{ ${top} { ...Level${count} } } fragment Level0 on Patient { id } ${levels(count)}`,
  );
  const operation = getOperationAST(document);
  return operation && planOf(schema, document, operation);
};

it.each(['patient', 'node'])('has no plan of more fields than are kept, at %s', (top) => {
  expect(planFor(top, 2)).toBeDefined();
  expect(planFor(top, 5)).toBeUndefined();
});
