import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUnambiguousJson } from '../../src/app/http/unambiguous-json.ts';
import { MalformedInput } from '../../src/formats/malformed-input.ts';

const fieldOf = (text: string): string | undefined => {
  try {
    parseUnambiguousJson(text);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedInput);
    return (error as MalformedInput).field;
  }
  return undefined;
};

describe('parseUnambiguousJson', () => {
  it('parses as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8, stringUnit: 'binary' }), (text) => {
        fc.pre(!text.includes('__proto__'));
        expect(parseUnambiguousJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('finds a name that is there twice, wherever it is and however it is written', () => {
    const escaped = (name: string) =>
      `"${[...name].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
    const path = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { maxLength: 6 });
    const name = fc.stringMatching(/^[\x20-\x7e]{0,8}$/);
    fc.assert(
      fc.property(path, name, fc.json({ maxDepth: 3 }), fc.boolean(), (around, twice, value, isEscaped) => {
        fc.pre(!value.includes('__proto__') && twice !== '__proto__' && twice !== 'other');
        const second = isEscaped ? escaped(twice) : JSON.stringify(twice);
        const inner = `{"other": ${value}, ${JSON.stringify(twice)} : ${value}, ${second}:1}`;
        const text = around.reduceRight((inside, member) => `{"${member}":${inside}}`, inner);
        expect(fieldOf(text)).toBe([...around, twice].join('.'));
      }),
    );
  });

  it.each([
    ['the same name in objects beside each other', '[{"a":1},{"a":1}]'],
    ['the same name in objects inside of each other', '{"a":{"a":{"a":1}}}'],
    ['a value that is a name', '{"a":"b","b":"a"}'],
    ['a text with everything that JSON is made of', String.raw`{"a":"},{\"a\":[\\","b":"\\\\"}`],
    ['names that differ in case', '{"a":1,"A":2}'],
    ['32 levels', `${'['.repeat(32)}${']'.repeat(32)}`],
    ['no object at all', '"a"'],
  ])('takes %s', (_, text) => {
    expect(parseUnambiguousJson(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['a name twice', '{"a":1,"b":{},"a":2}', 'a'],
    ['a name twice in a list', '{"x":[0,[1,2],{"a":1,"a":2}]}', 'x.2.a'],
    ['__proto__', '{"x":{"__proto__":{}}}', 'x.__proto__'],
    ['__proto__ in disguise', String.raw`{"\u005f_proto__":{}}`, '__proto__'],
    ['33 levels', `${'['.repeat(33)}${']'.repeat(33)}`, 'body'],
    ['what is no JSON', '{"a":1,}', 'body'],
    ['nothing', '', 'body'],
  ])('refuses %s', (_, text, field) => {
    expect(fieldOf(text)).toBe(field);
  });
});
