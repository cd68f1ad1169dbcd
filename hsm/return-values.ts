import pkcs11 from 'pkcs11js';

const codeByName = new Map(
  Object.entries(pkcs11).flatMap(([name, code]) =>
    name.startsWith('CKR_') && typeof code === 'number' ? [[name, code] as const] : [],
  ),
);
const nameByCode = new Map([...codeByName].map(([name, code]) => [code, name]));

/** The standard's name of a return value, e.g. `CKR_DEVICE_ERROR`; a vendor's own as a number, e.g. `0x80000001`. */
export function returnValueName(code: number): string {
  return nameByCode.get(code) ?? `0x${code.toString(16)}`;
}

/** @returns undefined when the standard has no return value of that name */
export function returnValueCode(name: string): number | undefined {
  return codeByName.get(name);
}
