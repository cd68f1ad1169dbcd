import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FileCeremonyFolder } from '../../adapters/ceremony-folder/index.ts';
import { type Ceremony, parseCeremony } from '../../rules/ceremony/ceremony-file.ts';
import { isSealed, parseTranscript } from '../../rules/ceremony/transcript.ts';
import type { CeremonyDeps, PreviousCeremony } from '../../services/ceremony/ceremony-deps.ts';
import { ceremonyRefusal } from '../../services/ceremony/ceremony-deps.ts';
import type { ExchangeDeps } from '../../services/exchange/exchange-deps.ts';
import { UnreadablePath } from '../cli/files.ts';
import type { AnyInstance, OfflineInstance } from '../instance/load-instance.ts';
import type { OpenInstance } from '../instance/open-instance.ts';

/** A ceremony file as it was read. */
export interface CeremonyFile {
  readonly path: string;
  readonly text: string;
  readonly ceremony: Ceremony;
}

/** @throws UnreadablePath, MalformedInput */
export function readCeremonyFile(path: string): CeremonyFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UnreadablePath(path, cause);
  }
  return { path, text, ceremony: parseCeremony({ file: path, text }) };
}

export async function exchangeDeps(instance: AnyInstance, open: OpenInstance): Promise<ExchangeDeps> {
  return {
    ...open.issuance,
    exchange: open.records.exchange,
    instanceId: await open.records.exchange.instanceId(),
    partner: instance.configuration.exchange?.partner,
  };
}

/** Where the transcript and the files of a ceremony lie. */
function ceremonyDirectory(home: string, ceremony: string): string {
  return join(home, 'ceremonies', ceremony);
}

export async function ceremonyDeps(
  instance: OfflineInstance,
  open: OpenInstance,
  { path, ceremony }: CeremonyFile,
  software: string,
): Promise<CeremonyDeps> {
  const { home } = instance.paths;
  return {
    ...(await exchangeDeps(instance, open)),
    // A ceremony is refused with a clock that was set back by a second.
    clock: open.machineClock,
    folder: new FileCeremonyFolder(ceremonyDirectory(home, ceremony.ceremony), dirname(path)),
    environment: instance.configuration.environment,
    software,
    token: await open.signer.status(),
    before: ceremonyBefore(join(home, 'ceremonies'), ceremony.ceremony),
  };
}

/** The newest of the other ceremonies of an instance. @throws BrokenTranscript */
function ceremonyBefore(directory: string, own: string): PreviousCeremony | undefined {
  if (!existsSync(directory)) return undefined;
  const others = readdirSync(directory).flatMap((name): PreviousCeremony[] => {
    const path = join(directory, name, 'transcript.jsonl');
    if (name === own || !existsSync(path)) return [];
    const transcript = parseTranscript(Uint8Array.from(readFileSync(path)));
    const last = transcript.entries.at(-1);
    if (last === undefined) return [];
    return [{ ceremony: name, isSealed: isSealed(transcript), head: transcript.head, at: last.at }];
  });
  return others.toSorted((a, b) => a.at.getTime() - b.at.getTime()).at(-1);
}

/**
 * Puts the ceremony file and the policies beside the transcript, so that its folder can be carried away and
 * replayed by itself.
 *
 * @throws Refused when another ceremony file lies there
 */
export function keepCeremony(instance: OfflineInstance, deps: CeremonyDeps, file: CeremonyFile): void {
  const text = Uint8Array.from(Buffer.from(file.text));
  const there = deps.folder.output('ceremony.yaml');
  if (there === undefined) deps.folder.writeOutput('ceremony.yaml', text);
  else if (Buffer.compare(there, text) !== 0) {
    const detail = 'the folder of the ceremony holds another ceremony file';
    throw ceremonyRefusal('K-OUTPUT', detail, 'ceremony.yaml', 'give the ceremony another name');
  }
  const policies = join(ceremonyDirectory(instance.paths.home, file.ceremony.ceremony), 'policies');
  if (existsSync(policies)) return;
  const draft = `${policies}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  for (const name of readdirSync(instance.configuration.policies)) {
    if (name.endsWith('.yaml')) cpSync(join(instance.configuration.policies, name), join(draft, name));
  }
  renameSync(draft, policies);
}
