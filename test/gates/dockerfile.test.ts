import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from './planted-tree.ts';

interface Instruction {
  readonly name: string;
  readonly text: string;
}

interface Stage {
  readonly from: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** Reads a Dockerfile: comments gone, continued lines joined. */
function parseInstructions(dockerfile: string): Instruction[] {
  const withoutComments = dockerfile.replaceAll(/^\s*#.*\n/gm, '');
  const lines = withoutComments.replaceAll(/\\\n\s*/g, ' ').split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', text = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
      return { name: name.toUpperCase(), text };
    });
}

function parseStages(instructions: readonly Instruction[]): Stage[] {
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  return starts.map((start, index) => {
    const [, from = '', name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(instructions[start]!.text) ?? [];
    return { from, name, instructions: instructions.slice(start + 1, starts[index + 1]) };
  });
}

const instructions = parseInstructions(readFileSync(join(repository, 'Dockerfile'), 'utf8'));
const stages = parseStages(instructions);
const image = stages.at(-1)!;

/** A stage's own instructions after those of the stages it is made from. */
function withInherited(stage: Stage): readonly Instruction[] {
  const parent = stages.find(({ name }) => name === stage.from);
  return parent === undefined ? stage.instructions : [...withInherited(parent), ...stage.instructions];
}

function textsOf(list: readonly Instruction[], name: string): string[] {
  return list.filter((instruction) => instruction.name === name).map(({ text }) => text);
}

function sourcesOf(copy: string): string[] {
  return copy
    .split(/\s+/)
    .filter((word) => !word.startsWith('--'))
    .slice(0, -1);
}

const copiesFromContext = textsOf(instructions, 'COPY').filter((copy) => !copy.includes('--from='));

describe('Dockerfile', () => {
  it('knows only instructions of a Dockerfile', () => {
    const known =
      /^(ARG|FROM|RUN|WORKDIR|COPY|ENV|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|USER|CMD|LABEL)$/;
    expect(instructions.filter(({ name }) => !known.test(name))).toEqual([]);
  });

  it('ends with the image for production', () => {
    expect(image.name).toBe('runtime');
    expect(stages.map(({ name }) => name)).toContain('development');
  });

  it('starts each stage from an earlier stage or from an image with a version', () => {
    const images = new Map(
      textsOf(instructions, 'ARG').map((text) => text.split('=', 2) as [string, string]),
    );
    for (const [index, { from }] of stages.entries()) {
      const earlier = stages.slice(0, index).map(({ name }) => name);
      const argument = /^\$\{(\w+)\}$/.exec(from)?.[1];
      if (argument === undefined) expect(earlier).toContain(from);
      else expect(images.get(argument)).toMatch(/^[\w./-]+:(?!latest)[\w.-]+$/);
    }
  });

  it('copies only from stages that exist', () => {
    const names = stages.map(({ name }) => name);
    const referred = textsOf(instructions, 'COPY').flatMap((copy) => /--from=(\S+)/.exec(copy)?.[1] ?? []);
    for (const name of referred) expect(names).toContain(name);
    expect(referred).not.toEqual([]);
  });

  it.each(copiesFromContext.flatMap(sourcesOf))(
    'copies %s, which exists and reaches the builder',
    (source) => {
      expect(existsSync(join(repository, source))).toBe(true);
      const [everything, ...allowed] = readFileSync(join(repository, '.dockerignore'), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
      expect(everything).toBe('*');
      expect(allowed).toContain(`!${source}`);
    },
  );

  it('adds nothing from elsewhere', () => {
    expect(textsOf(instructions, 'ADD')).toEqual([]);
    expect(textsOf(instructions, 'RUN').filter((run) => /\b(curl|wget)\b|https?:/.test(run))).toEqual([]);
  });

  it('holds no secret', () => {
    const values = [...textsOf(instructions, 'ENV'), ...textsOf(instructions, 'ARG')];
    expect(values.filter((text) => /pin\b|secret|passw|token|private|credential/i.test(text))).toEqual([]);
  });

  it.each(['runtime', 'development'])('%s does not run as root', (name) => {
    const stage = stages.find((candidate) => candidate.name === name)!;
    const user = textsOf(withInherited(stage), 'USER').at(-1);
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(stage.instructions.findLastIndex((instruction) => instruction.name === 'RUN')).toBeLessThan(
      stage.instructions.findIndex((instruction) => instruction.name === 'USER'),
    );
  });

  it('installs no development package, compiler or software token in production', () => {
    expect(
      textsOf(instructions, 'RUN').filter((run) => /npm (ci|i|install)\b(?!.*--omit=dev)/.test(run)),
    ).toEqual([]);
    const installed = textsOf(withInherited(image), 'RUN').flatMap(
      (run) => /apt-get install -y --no-install-recommends (.+?)\s*(?:&&|$)/.exec(run)?.[1] ?? [],
    );
    expect(installed).toEqual(['libatomic1']);
  });

  it('leaves no package lists and no recommended packages behind', () => {
    for (const run of textsOf(instructions, 'RUN').filter((text) => text.includes('apt-get install'))) {
      expect(run).toContain('--no-install-recommends');
      expect(run).toContain('rm -rf /var/lib/apt/lists/*');
    }
  });

  it('is started without a shell, stopped by SIGTERM and asked whether it is ready', () => {
    const all = withInherited(image);
    const entryPoint = JSON.parse(textsOf(all, 'ENTRYPOINT').at(-1)!) as string[];
    expect(entryPoint[0]).toMatch(/\/node_modules\/\.bin\/node$/);
    expect(existsSync(join(repository, entryPoint.at(-1)!.replace('/opt/sigillo/', '')))).toBe(true);
    expect(JSON.parse(textsOf(all, 'CMD').at(-1)!)).toContain('serve');
    expect(textsOf(all, 'STOPSIGNAL')).toEqual(['SIGTERM']);
    // How much memory the service takes is the same however it is started.
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      scripts: { sigillo: string };
    };
    const options = entryPoint.slice(1, -1);
    const arenas = textsOf(all, 'ENV').find((text) => text.startsWith('MALLOC_'))!;
    const [variable, value] = arenas.split('=');
    expect(scripts.sigillo).toBe(`exec env ${arenas} node ${options.join(' ')} src/app/main.ts`);
    const bootstrap = readFileSync(join(repository, 'scripts/bootstrap.mjs'), 'utf8');
    expect(bootstrap.replaceAll(/\s+/g, ' ')).toContain(
      `start: { environment: { ${variable}: '${value}' }, options: ['${options.join("', '")}'], `,
    );
    const healthCheck = textsOf(all, 'HEALTHCHECK').at(-1)!;
    expect(healthCheck).toMatch(/ CMD \[/);
    expect(healthCheck).toContain('http://127.0.0.1:8444/health/ready');
  });

  it('writes only to its volume: the home that it is started with', () => {
    const all = withInherited(image);
    const volumes = textsOf(all, 'VOLUME').flatMap((text) => JSON.parse(text) as string[]);
    const command = JSON.parse(textsOf(all, 'CMD').at(-1)!) as string[];
    expect(volumes).toEqual([command[command.indexOf('--home') + 1]]);
  });
});
