import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  getVariableValues,
  type OperationDefinitionNode,
} from 'graphql';
import { execute } from './execute.ts';
import { type OperationPlan, planOf } from './plan.ts';

export interface PlannedOperation {
  document: DocumentNode;
  definition: OperationDefinitionNode;
  variables: Readonly<Record<string, unknown>> | undefined;
  contextValue: unknown;
}

/**
 * Executes queries that come again by plans: what each type, field and argument of a document is, is found out
 * once, where the server's own executor finds it out for each value: a tenth of what a request costs. For
 * documents without directives and introspection; validated, and kept for as long as their plans shall be.
 * Not graphql-jit: it asks types without the context by which each of them checks its caller, and writes a
 * document's literals into JavaScript.
 * @returns what executes an operation, or undefined where that is left to the server's own executor: there is
 *   no plan for it, or its variables are refused, which that one words
 */
export function createPlannedExecution(schema: GraphQLSchema) {
  const plans = new WeakMap<OperationDefinitionNode, { plan: OperationPlan | undefined }>();
  const planFor = (document: DocumentNode, definition: OperationDefinitionNode) => {
    let made = plans.get(definition);
    if (made === undefined) {
      made = { plan: planOf(schema, document, definition) };
      plans.set(definition, made);
    }
    return made.plan;
  };

  return ({
    document,
    definition,
    variables = {},
    contextValue,
  }: PlannedOperation): Promise<ExecutionResult> | ExecutionResult | undefined => {
    const plan = planFor(document, definition);
    const { coerced } =
      plan === undefined
        ? { coerced: undefined }
        : getVariableValues(schema, definition.variableDefinitions ?? [], variables);
    return plan && coerced && execute(plan, contextValue, coerced);
  };
}
