import {
  defaultFieldResolver,
  defaultTypeResolver,
  type ExecutionResult,
  type FieldNode,
  type GraphQLError,
  type GraphQLLeafType,
  type GraphQLObjectType,
  getArgumentValues,
  isObjectType,
  locatedError,
} from 'graphql';
import type { FieldPlan, OperationPlan, Selection, TypePlan } from './plan.ts';

type Container = Record<string | number, unknown>;

/** An object or list of the answer, and where it stands. */
class Place {
  /** Something in it was missing that must not be: it is null in the answer, whatever comes of the rest. */
  isGone = false;

  constructor(
    readonly above: Place | undefined,
    readonly container: Container,
    readonly key: string | number,
    readonly nonNull: boolean,
    /** What it holds. */
    readonly held: Container,
  ) {}
}

/** Where a value of a field is to stand. */
interface Spot {
  field: FieldPlan;
  place: Place;
  key: string | number;
  nonNull: boolean;
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' &&
  typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function';

/** One execution of a plan: values are written to where they stand in the answer as they come. */
class Execution {
  readonly #answer: Container = {};
  readonly #errors: GraphQLError[] = [];
  readonly #plan: OperationPlan;
  readonly #context: unknown;
  readonly #variables: Record<string, unknown>;
  /** Values that are waited for. */
  #waiting = 0;
  #someGone = false;
  #done: ((result: ExecutionResult) => void) | undefined;

  constructor(plan: OperationPlan, context: unknown, variables: Record<string, unknown>) {
    this.#plan = plan;
    this.#context = context;
    this.#variables = variables;
  }

  run(): Promise<ExecutionResult> | ExecutionResult {
    const data = {};
    this.#answer.data = data;
    this.#select(
      this.#plan.root,
      undefined,
      new Place(undefined, this.#answer, 'data', false, data),
    );
    return this.#waiting === 0
      ? this.#result()
      : new Promise((resolve) => {
          this.#done = resolve;
        });
  }

  #result(): ExecutionResult {
    const data = this.#answer.data as ExecutionResult['data'] & object;
    return this.#errors.length === 0 ? { data } : { errors: this.#errors, data };
  }

  #isGone(place: Place): boolean {
    if (this.#someGone) {
      for (let each: Place | undefined = place; each !== undefined; each = each.above) {
        if (each.isGone) {
          return true;
        }
      }
    }
    return false;
  }

  /** A value is null, or where it must not be, whatever holds it. */
  #fail(error: unknown, { field, place, key, nonNull }: Spot): void {
    if (this.#isGone(place)) {
      return;
    }
    const path: (string | number)[] = [key];
    for (let each = place; each.above !== undefined; each = each.above) {
      path.unshift(each.key);
    }
    this.#errors.push(locatedError(error, field.nodes, path));
    if (!nonNull) {
      place.held[key] = null;
      return;
    }
    let gone = place;
    while (gone.nonNull && gone.above !== undefined) {
      gone = gone.above;
    }
    gone.isGone = true;
    gone.container[gone.key] = null;
    this.#someGone = true;
  }

  /** Goes on with a value when it is there; whatever is thrown is the error of its spot. */
  #wait(promise: Promise<unknown>, spot: Spot, go: (value: unknown) => void): void {
    // It keeps its place in the order of the answer.
    spot.place.held[spot.key] = null;
    this.#waiting += 1;
    const ended = () => {
      this.#waiting -= 1;
      if (this.#waiting === 0) {
        this.#done?.(this.#result());
      }
    };
    promise.then(
      (value) => {
        try {
          go(value);
        } catch (error) {
          this.#fail(error, spot);
        }
        ended();
      },
      (error: unknown) => {
        this.#fail(error, spot);
        ended();
      },
    );
  }

  #select(selection: Selection, source: unknown, place: Place): void {
    for (const field of selection) {
      if ('typeName' in field) {
        place.held[field.key] = field.typeName;
      } else if (!this.#isGone(place)) {
        this.#resolve(field, source, place);
      }
    }
  }

  #resolve(field: FieldPlan, source: unknown, place: Place): void {
    const { key, definition, nodes, resolve = defaultFieldResolver, info, type } = field;
    const spot = { field, place, key, nonNull: type.nonNull };
    let value: unknown;
    try {
      const args =
        field.args ?? getArgumentValues(definition, nodes[0] as FieldNode, this.#variables);
      value = resolve(source, args, this.#context, info);
    } catch (error) {
      this.#fail(error, spot);
      return;
    }
    this.#settle(value, type, spot);
  }

  #settle(value: unknown, type: TypePlan, spot: Spot): void {
    if (isPromise(value)) {
      this.#wait(value, spot, (found) => this.#complete(found, type, spot));
      return;
    }
    try {
      this.#complete(value, type, spot);
    } catch (error) {
      this.#fail(error, spot);
    }
  }

  #complete(value: unknown, type: TypePlan, spot: Spot): void {
    const { field, place, key } = spot;
    if (value instanceof Error) {
      throw value;
    }
    if (value === null || value === undefined) {
      if (type.nonNull) {
        throw new Error(
          `Null at ${field.parent.name}.${field.definition.name}, which is never null.`,
        );
      }
      place.held[key] = null;
    } else if (type.kind === 'LEAF') {
      place.held[key] = serialized(type.type, value);
    } else if (type.kind === 'LIST') {
      this.#list(value, type.item, spot);
    } else if (type.kind === 'OBJECT') {
      this.#object(value, type.type, type.selection, spot);
    } else {
      this.#abstract(value, type, spot);
    }
  }

  #list(value: unknown, item: TypePlan, { field, place, key, nonNull }: Spot): void {
    if (!isIterable(value)) {
      throw new Error(
        `Expected Iterable, but did not find one for field "${field.parent.name}.${field.definition.name}".`,
      );
    }
    const held: unknown[] = [];
    place.held[key] = held;
    const own = new Place(place, place.held, key, nonNull, held as unknown as Container);
    let index = 0;
    for (const each of value) {
      this.#settle(each, item, { field, place: own, key: index, nonNull: item.nonNull });
      index += 1;
    }
  }

  #abstract(
    value: unknown,
    { type, selectionOn }: TypePlan & { kind: 'ABSTRACT' },
    spot: Spot,
  ): void {
    const { schema } = this.#plan;
    const resolveType = type.resolveType ?? defaultTypeResolver;
    const go = (name: unknown) => {
      const found = typeof name === 'string' ? schema.getType(name) : undefined;
      if (!isObjectType(found) || !schema.isSubType(type, found)) {
        throw new Error(`An object that is of no type of ${type.name}.`);
      }
      this.#object(value, found, selectionOn(found), spot);
    };
    const name = resolveType(value, this.#context, spot.field.info, type);
    if (isPromise(name)) {
      this.#wait(name, spot, go);
    } else {
      go(name);
    }
  }

  #object(value: unknown, type: GraphQLObjectType, selection: Selection, spot: Spot): void {
    // Also the wall before each patient's data, see `graph/builder.ts`.
    const isOfType: unknown = type.isTypeOf
      ? type.isTypeOf(value, this.#context, spot.field.info)
      : true;
    if (isPromise(isOfType)) {
      this.#wait(isOfType, spot, (known) => this.#enter(known, value, type, selection, spot));
    } else {
      this.#enter(isOfType, value, type, selection, spot);
    }
  }

  #enter(
    isOfType: unknown,
    value: unknown,
    type: GraphQLObjectType,
    selection: Selection,
    { place, key, nonNull }: Spot,
  ): void {
    if (!isOfType) {
      throw new Error(`An object that is none of type ${type.name}.`);
    }
    const held = {};
    place.held[key] = held;
    this.#select(selection, value, new Place(place, place.held, key, nonNull, held));
  }
}

/** What GraphQL's scalars complain of is the program's fault here, not the caller's. */
function serialized(type: GraphQLLeafType, value: unknown): unknown {
  let found: unknown;
  try {
    found = type.serialize(value);
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : String(error));
  }
  if (found === null || found === undefined) {
    throw new Error(`A value that is none of type ${type.name}.`);
  }
  return found;
}

/** Executes a query by its plan. */
export const execute = (
  plan: OperationPlan,
  context: unknown,
  variables: Record<string, unknown>,
): Promise<ExecutionResult> | ExecutionResult => new Execution(plan, context, variables).run();
