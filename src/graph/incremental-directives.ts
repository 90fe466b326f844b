import {
  DirectiveLocation,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLString,
} from 'graphql';

/** What a query may be answered in parts with, for clients that take parts. */

const common = {
  if: {
    type: new GraphQLNonNull(GraphQLBoolean),
    defaultValue: true,
    description: 'Whether to; false: with the rest.',
  },
  label: { type: GraphQLString, description: 'A name for the part, unique in the document.' },
};

export const incrementalDirectives = [
  new GraphQLDirective({
    name: 'defer',
    description:
      'What the fragment asks for may come later, in a part of its own: for queries, and clients that accept `multipart/mixed`. Others get it with the rest.',
    locations: [DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT],
    args: common,
  }),
  new GraphQLDirective({
    name: 'stream',
    description:
      'The entries of the list may come one by one, in parts of their own: for queries, and clients that accept `multipart/mixed`. Others get them with the rest.',
    locations: [DirectiveLocation.FIELD],
    args: {
      ...common,
      initialCount: {
        type: GraphQLInt,
        defaultValue: 0,
        description: 'How many entries come with the rest.',
      },
    },
  }),
];
