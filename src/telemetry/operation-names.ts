import { type DocumentNode, Kind, parse } from 'graphql';

/** What stands for a name that is none of those that are told apart. */
const otherName = 'other';
const anonymous = 'anonymous';

/** Names beyond the persisted documents' that are told apart. */
const mostNames = 100;

const namesIn = ({ definitions }: DocumentNode) =>
  definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION && each.name ? [each.name.value] : [],
  );

/**
 * Keeps the names of operations within bounds, since whoever may ask may make them up: those of persisted
 * documents always, of others the first hundred.
 * @param documents texts of the persisted documents
 */
export function createOperationNames(documents: Iterable<string> = [], most = mostNames) {
  const persisted = new Set([...documents].flatMap((text) => namesIn(parse(text))));
  const others = new Set<string>();
  return (name: string | undefined): string => {
    if (name === undefined) {
      return anonymous;
    }
    if (persisted.has(name) || others.has(name)) {
      return name;
    }
    if (others.size >= most) {
      return otherName;
    }
    others.add(name);
    return name;
  };
}
