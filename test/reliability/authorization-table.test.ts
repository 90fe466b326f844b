import { readFileSync } from 'node:fs';
import { getNamedType, isAbstractType, isInterfaceType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { printedRules } from '../../src/auth/print-rules.ts';
import { typeRules } from '../../src/auth/rules.ts';
import { schemaOver } from '../../src/graph/schema.ts';
import { vendorDescriptions } from '../../src/vendors/registry.ts';

/** That the table of rules is the wall: derived from the schema, so that nothing new slips by. */

const schema = schemaOver(vendorDescriptions);
const rules: Readonly<Record<string, string>> = typeRules;
const objects = Object.values(schema.getTypeMap()).filter(isObjectType);

/** Whether the graph asks before it shows an object of the type. */
const isGuarded = (name: string) => {
  const options = schema.getType(name)?.extensions.pothosOptions as { authScopes?: unknown };
  return options?.authScopes !== undefined;
};

describe('the table of types', () => {
  it('names types that there are', () => {
    const names = objects.map(({ name }) => name);
    expect(Object.keys(rules).filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each(Object.entries(rules))('%s is guarded as the table says (%s)', (name, rule) => {
    expect(isGuarded(name)).toBe(rule === 'OWN_RECORD' || rule === 'OWN_WRITE');
  });

  it('has a line for every type that is guarded', () => {
    const guarded = objects.filter(({ name }) => isGuarded(name)).map(({ name }) => name);
    expect(guarded.filter((name) => !(name in rules))).toEqual([]);
  });

  it('has a line for every type that a query leads to by itself, or for what its list holds', () => {
    const led = Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap(
      ({ name, type }) => {
        const found = getNamedType(type);
        if (name === '_service' || name === 'treatmentTypes') {
          // The schema itself, and the configuration, which hold nobody's data.
          return [];
        }
        if (isAbstractType(found)) {
          return schema.getPossibleTypes(found).map((each) => [name, each.name]);
        }
        const nodes = isObjectType(found) && found.getFields().nodes;
        return [[name, nodes ? getNamedType(nodes.type).name : found.name]];
      },
    );
    expect(led.length).toBeGreaterThan(12);
    expect(led.filter(([, type]) => !(type && type in rules))).toEqual([]);
  });

  it.each([
    ['node', 'Node', 7],
    ['_entities', '_Entity', 5],
  ])('guards every type that `%s` leads to', (_field, name, count) => {
    const found = schema.getType(name);
    const types = isAbstractType(found) ? schema.getPossibleTypes(found) : [];
    expect(types).toHaveLength(count);
    expect(types.filter(({ name }) => !isGuarded(name))).toEqual([]);
  });

  it('knows every entity as a node: there is one way from an id to its record', () => {
    const [node, entity] = [schema.getType('Node'), schema.getType('_Entity')];
    const nodes = isInterfaceType(node) ? schema.getPossibleTypes(node) : [];
    const entities = isAbstractType(entity) ? schema.getPossibleTypes(entity) : [];
    expect(entities.filter((type) => !nodes.includes(type))).toEqual([]);
  });
});

it('the README has the table as the command prints it', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(printedRules());
});
