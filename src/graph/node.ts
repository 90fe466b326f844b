import { badInput, forbidden } from '../domain/errors.ts';
import { decodeOwnId, decodeVendorId, type NodeType, typeOfId } from '../domain/ids.ts';
import { builder, type GraphContext } from './builder.ts';
import { cost } from './field-cost.ts';
import { findOperation } from './operation-lookup.ts';

/** The id says what type a node is of, so that no record has to carry its type's name. */
const nodeTypes = new WeakMap<object, NodeType>();

export const Node = builder.interfaceRef<object>('Node').implement({
  description: 'Something with an id that is unique over all types and can be asked for by it.',
  resolveType: (value) => typeOfNode(value),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Global id, opaque.',
      resolve: () => {
        throw new Error('Every type resolves its own id.');
      },
    }),
  }),
});

async function loadNode(context: GraphContext, id: string, action: string): Promise<object | null> {
  const { loaders, access } = context;
  const type = typeOfId(id);
  const own = async <T extends { patientId: string }>(record: Promise<T | undefined>) => {
    const found = await record;
    if (found !== undefined) {
      access.requireRecord(found.patientId, action);
    } else if (!access.isStaff) {
      // To a PATIENT, what does not exist is the same as what is somebody else's.
      throw forbidden();
    }
    return found;
  };
  const atVendor = async <T>(
    of: 'Visit' | 'Appointment' | 'PortalRequest',
    load: (key: ReturnType<typeof decodeVendorId>) => Promise<T>,
  ) => {
    const key = decodeVendorId(of, id);
    access.requireRecord(key.patientId, action);
    return load(key);
  };
  switch (type) {
    case 'Patient': {
      const key = decodeOwnId(type, id);
      access.requireRecord(key, action);
      return (await loaders.register.patients.load(key)) ?? null;
    }
    case 'PortalAccess':
      return (await own(loaders.register.portalAccess.load(decodeOwnId(type, id)))) ?? null;
    case 'FollowUp':
      return (await own(loaders.register.followUp.load(decodeOwnId(type, id)))) ?? null;
    case 'Visit':
      return atVendor(type, (key) => loaders.visits.visit.load(key));
    case 'Appointment':
      return atVendor(type, (key) => loaders.appointments.appointment.load(key));
    case 'PortalRequest':
      return (await atVendor(type, (key) => loaders.portalRequests.request(key))) ?? null;
    case 'Operation':
      return findOperation(context, id);
    default:
      throw badInput('This is not the id of a node. Use the id exactly as a query returned it.');
  }
}

/** Which type a node was found as, for `resolveType`. */
export const typeOfNode = (value: object) => nodeTypes.get(value);

/**
 * The one way from a global id to its record, the wall included.
 * @param action as it is put down where it is refused
 * @returns null where there is none
 * @throws CodedError FORBIDDEN, for a PATIENT also where there is none; BAD_USER_INPUT
 */
export async function nodeOf(
  context: GraphContext,
  id: string,
  action = 'Query.node',
): Promise<object | null> {
  const found = await loadNode(context, id, action);
  const type = typeOfId(id);
  if (found !== null && type !== undefined) {
    nodeTypes.set(found, type);
  }
  return found;
}

const largestBatch = 100;

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    description:
      'Any `Node` by its id. Null where it does not exist, FORBIDDEN for a PATIENT where it is not of their own record; otherwise as its type’s own query answers.',
    // A visit takes a sign-in and a call; other types take fewer.
    extensions: cost({ vendorCalls: 2 }),
    args: { id: t.arg.id({ required: true, description: 'A global id.' }) },
    resolve: (_root, { id }, context) => {
      context.access.requireQuery('node');
      return nodeOf(context, id);
    },
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description:
      'Several of them, in the same order; null for those that do not exist, and with an error for those that `node` would refuse.',
    extensions: cost({ vendorCallsPerEntry: 2 }),
    args: { ids: t.arg.idList({ required: true, description: 'Global ids, 100 at most.' }) },
    resolve: (_root, { ids }, context) => {
      context.access.requireQuery('nodes');
      if (ids.length > largestBatch) {
        throw badInput(`Ask for ${largestBatch} nodes at most.`);
      }
      return ids.map((id) => nodeOf(context, id).catch((error: Error) => error)) as never;
    },
  }),
}));
