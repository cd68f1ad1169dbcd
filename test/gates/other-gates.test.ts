import { afterAll, describe, expect, it } from 'vitest';
import { PlantedTree } from './planted-tree.ts';

describe('format, type and dead-code gates', () => {
  const tree = new PlantedTree({
    'src/app/main.ts': "import { used } from './used.ts';\n\nused();\n",
    'src/app/used.ts':
      'export function used(): void {}\n\nexport function usedByNobody(list: string[]): string {\n  return list[0];\n}\n',
    'src/app/imported-by-nobody.ts': 'export const lonely = 1;\n',
    'src/app/badly-formatted.ts': 'export const  a = {b:1}\n',
  });
  afterAll(() => tree.remove());

  it('biome reports a badly formatted file', () => {
    const { exitCode, output } = tree.run('biome', 'format', 'src');
    expect(exitCode).not.toBe(0);
    expect(output).toContain('badly-formatted.ts');
    expect(output).not.toContain('used.ts');
  });

  it('tsc reports an element that may be absent (noUncheckedIndexedAccess)', () => {
    const { exitCode, output } = tree.run('tsc');
    expect(exitCode).not.toBe(0);
    expect(output).toContain('src/app/used.ts(4,3): error TS2322');
  });

  it('knip reports a file and an export that nobody uses', () => {
    const { exitCode, output } = tree.run('knip');
    expect(exitCode).not.toBe(0);
    expect(output).toContain('src/app/imported-by-nobody.ts');
    expect(output).toContain('usedByNobody');
  });
});
