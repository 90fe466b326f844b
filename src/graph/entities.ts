import { GraphQLError } from 'graphql';
import { badInput } from '../domain/errors.ts';
import { typeOfId } from '../domain/ids.ts';
import { Appointment } from './appointment-ref.ts';
import { builder, type GraphContext } from './builder.ts';
import { cost } from './field-cost.ts';
import { nodeOf, typeOfNode } from './node.ts';
import { Patient } from './patient-ref.ts';
import { PortalAccess } from './portal-access.ts';
import { PortalRequest } from './portal-request.ts';
import { printedSubgraph } from './print-schema.ts';
import { Visit } from './visit.ts';

/**
 * What a supergraph asks its subgraphs for: records by their keys, and the schema. A key is a global id,
 * so that entities are found exactly as `node` finds them, behind the same wall.
 */

/** What other subgraphs may refer to and add fields to, each by `@key(fields: "id")`. */
const entityTypes = [Patient, PortalAccess, Visit, Appointment, PortalRequest];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const Representation = builder.scalarType('_Any', {
  description: 'An entity by its key: `__typename` and `id`.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (!isObject(value)) {
      throw new GraphQLError('_Any cannot represent this value.');
    }
    return value;
  },
});

const Entity = builder.unionType('_Entity', {
  description: 'Whatever can be referred to by its key.',
  types: entityTypes,
  resolveType: (value) => typeOfNode(value) as never,
});

const Service = builder.objectRef<string>('_Service').implement({
  description: 'This subgraph, as a supergraph is composed of it.',
  fields: (t) => ({
    sdl: t.string({ description: 'Its schema.', resolve: (text) => text }),
  }),
});

/** A supergraph asks for all keys of a step at once: more than a page, but no more than this. */
const largestBatch = 500;

const entityOf = async (
  context: GraphContext,
  { __typename: type, id }: Record<string, unknown>,
) => {
  const known = entityTypes.some(({ name }) => name === type);
  if (!known || typeof id !== 'string' || typeOfId(id) !== type) {
    throw badInput(
      'This is not the key of an entity: `__typename` and `id`, as a query gave them.',
    );
  }
  return nodeOf(context, id, 'Query._entities');
};

builder.queryFields((t) => ({
  _entities: t.field({
    type: [Entity],
    nullable: { list: false, items: true },
    description:
      'For a supergraph: entities by their keys, in the same order; null for those that do not exist.',
    extensions: cost({ vendorCallsPerEntry: 2 }),
    args: {
      representations: t.arg({
        type: [Representation],
        required: true,
        description: `The keys, ${largestBatch} at most.`,
      }),
    },
    resolve: (_root, { representations }, context) => {
      context.access.requireQuery('_entities');
      if (representations.length > largestBatch) {
        throw badInput(`Ask for ${largestBatch} entities at most.`);
      }
      return representations.map((each) =>
        entityOf(context, each).catch((error: Error) => error),
      ) as never;
    },
  }),
  _service: t.field({
    type: Service,
    nullable: false,
    description: 'For a supergraph: this schema. For STAFF.',
    resolve: (_root, _args, { access }, { schema }) => {
      access.requireQuery('_service');
      return printedSubgraph(schema);
    },
  }),
}));
