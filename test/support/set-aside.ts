import { mkdirSync, renameSync, rmdirSync } from 'node:fs';

/**
 * Takes a file or folder away.
 *
 * @param isEmptied an empty folder stays in its place
 * @returns puts it back
 */
export function setAside(path: string, { isEmptied = false } = {}): () => void {
  const aside = `${path}-aside`;
  renameSync(path, aside);
  if (isEmptied) mkdirSync(path);
  return () => {
    if (isEmptied) rmdirSync(path);
    renameSync(aside, path);
  };
}
