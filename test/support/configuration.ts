import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

type Section = Record<string, unknown>;

/** sigillo.yaml as it is written, with the sections that tests change. */
export interface WrittenConfiguration {
  [section: string]: unknown;
  token: Section;
  otherTokens?: Section[];
  limits: Section;
  log: Section;
  keys: { [name: string]: unknown; documentSigners: Section[] };
}

/** Changes sigillo.yaml of an instance; a service that runs does not see it. */
export function changeConfiguration(home: string, change: (written: WrittenConfiguration) => void): void {
  const path = join(home, 'sigillo.yaml');
  const written = parse(readFileSync(path, 'utf8')) as WrittenConfiguration;
  change(written);
  writeFileSync(path, stringify(written));
}

/** Changes some settings of some sections. */
export function configure(home: string, settings: Readonly<Record<string, Section>>): void {
  changeConfiguration(home, (written) => {
    for (const [section, values] of Object.entries(settings)) {
      written[section] = { ...(written[section] as Section | undefined), ...values };
    }
  });
}
