import { decodeVerifierKey } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { filesBelow, isFolder, readBytes, UnreadablePath } from './files.ts';

const extension = /\.vkey$/i;

export function isVerifierKeyFile(path: string): boolean {
  return extension.test(path);
}

/**
 * vkeys of logs and cosigners: one a line in files of any name, or in files `*.vkey` below folders.
 *
 * @throws UnreadablePath also when a file that was named holds something else
 */
export function readVerifierKeys(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const files = isFolder(path) ? filesBelow(path).filter(isVerifierKeyFile) : [path];
    return files.flatMap(keysIn);
  });
}

function keysIn(file: string): readonly string[] {
  const lines = Buffer.from(readBytes(file)).toString('utf8').split('\n');
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '');
  try {
    for (const key of keys) decodeVerifierKey(key);
  } catch (error) {
    if (error instanceof MalformedInput) throw new UnreadablePath(file, error);
    throw error;
  }
  return keys;
}
