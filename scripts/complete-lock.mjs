/**
 * Adds to package-lock.json the optional packages of platforms that npm left out of it, because the registry it
 * asked does not offer them. `npm ci` refuses a lock without them, also where they are never installed. To be
 * run after a dependency was added or updated; changes nothing when the lock is complete.
 *
 * The entries have no digest, as nobody here has seen those packages. On the platforms that Sigillo is made
 * for (Linux with glibc on x64 and arm64) none of them is installed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = resolve(fileURLToPath(import.meta.url), '../../package-lock.json');
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

/** `@swc/core-linux-arm-gnueabihf` → what its package.json says about platforms. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not name its platform`);
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  return { cpu: [cpu], libc: os === 'linux' ? [libc] : undefined, os: [os] };
}

/** Whether npm finds `name` from the package installed at `from`. */
function isLocked(packages, from, name) {
  const folders = from.split('/node_modules/').map((_, depth, parts) => parts.slice(0, depth + 1));
  return ['', ...folders.map((parts) => `${parts.join('/node_modules/')}/`)].some(
    (folder) => `${folder}node_modules/${name}` in packages,
  );
}

const lock = JSON.parse(readFileSync(path, 'utf8'));
const added = [];
for (const [from, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isLocked(lock.packages, from, name)) continue;
    const { cpu, libc, os } = platformOf(name);
    lock.packages[`node_modules/${name}`] = { version, cpu, dev, libc, optional: true, os };
    added.push(`${name}@${version}`);
  }
}
// In the order that npm writes, so that it has nothing to change.
const byName = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries(byName);
if (added.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
for (const name of added) console.log(`locked ${name}`);
console.log(`${added.length} packages of other platforms added to the lock`);
