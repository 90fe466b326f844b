import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The sources as the architecture test reads them: parsed, not run. */

export const projectFolder = fileURLToPath(new URL('../../', import.meta.url));

export interface Import {
  /** A project path such as `src/domain/ids.ts`, or a package's name as it was written. */
  target: string;
  /** `type` vanishes when it runs, `lazy` waits until it is asked for. */
  kind: 'value' | 'type' | 'lazy';
}

export interface SourceFile {
  /** Below the project's folder, with slashes. */
  path: string;
  lines: number;
  imports: readonly Import[];
  /** Whether it has a default export. */
  hasDefaultExport: boolean;
  /** Texts of string literals, identifiers and `a.b` accesses, comments left out. */
  words: ReadonlySet<string>;
}

const posix = (path: string) => path.split(sep).join('/');

/** All paths of a folder, files and folders, below the project's folder. */
export const pathsUnder = (folder: string): string[] =>
  readdirSync(join(projectFolder, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => posix(join(folder, path)))
    .filter((path) => !/\/node_modules(\/|$)/.test(path));

function targetOf(from: string, specifier: string): string {
  return specifier.startsWith('.')
    ? posix(relative(projectFolder, join(projectFolder, dirname(from), specifier)))
    : specifier;
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  // With verbatimModuleSyntax `import { type A }` still loads the module.
  return ts.isExportDeclaration(node)
    ? node.isTypeOnly
    : node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

const isDefault = (node: ts.Node): boolean =>
  ts.isExportAssignment(node) ||
  (ts.isExportSpecifier(node) && node.name.text === 'default') ||
  (ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword));

/** One parsed file. @param text given instead of the file's own, to try the reading itself */
export function readSource(path: string, text = readFileSync(join(projectFolder, path), 'utf8')) {
  const imports: Import[] = [];
  const words = new Set<string>();
  let hasDefaultExport = false;
  const note = (specifier: ts.Node | undefined, kind: Import['kind']) => {
    if (specifier && ts.isStringLiteralLike(specifier)) {
      imports.push({ target: targetOf(path, specifier.text), kind });
    }
  };
  const visit = (node: ts.Node): void => {
    hasDefaultExport ||= isDefault(node);
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      note(node.moduleSpecifier, isTypeOnly(node) ? 'type' : 'value');
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      note(node.arguments[0], 'lazy');
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      note(node.argument.literal, 'type');
    } else if (ts.isStringLiteralLike(node) || ts.isIdentifier(node)) {
      words.add(node.text);
    } else if (ts.isPropertyAccessExpression(node)) {
      words.add(node.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return { path, lines, imports, hasDefaultExport, words } satisfies SourceFile;
}

export const sourcesUnder = (folder: string): SourceFile[] =>
  pathsUnder(folder)
    .filter((path) => /\.m?tsx?$/.test(path))
    .map((path) => readSource(path));

/** What is loaded, directly or not, once `entry` is imported; lazy imports are not followed. */
export function loadedBy(entry: string, sources: readonly SourceFile[]): Set<string> {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const loaded = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (!loaded.has(path)) {
      loaded.add(path);
      waiting.push(...valueImports(byPath.get(path)));
    }
  }
  return loaded;
}

const valueImports = (source: SourceFile | undefined) =>
  (source?.imports ?? []).filter(({ kind }) => kind === 'value').map(({ target }) => target);

/** A ring of value imports, as the paths around it; undefined where there is none. */
export function importCycle(sources: readonly SourceFile[]): string[] | undefined {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const search = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) {
      return [...trail.slice(trail.indexOf(path)), path];
    }
    if (done.has(path)) {
      return undefined;
    }
    for (const target of valueImports(byPath.get(path))) {
      const found = search(target, [...trail, path]);
      if (found) {
        return found;
      }
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of sources) {
    const found = search(path, []);
    if (found) {
      return found;
    }
  }
  return undefined;
}
