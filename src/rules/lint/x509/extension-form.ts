import type { RawExtension } from './raw-extension.ts';

/** Extensions that occur more than once. */
export function twiceFindings(extensions: readonly RawExtension[]): readonly string[] {
  const seen = new Set<string>();
  return extensions.flatMap(({ oid, name }) => {
    if (seen.has(oid)) return [`${name} occurs more than once`];
    seen.add(oid);
    return [];
  });
}

/** Extensions that write out `critical FALSE`. */
export function defaultFindings(extensions: readonly RawExtension[]): readonly string[] {
  return extensions.filter(({ hasDefault }) => hasDefault).map(({ name }) => `${name} has critical FALSE`);
}
