/**
 * `npm start` and `npm test` on a machine that has only Node 20 or newer, npm and perhaps apt: installs what
 * is missing, says what it does, then hands over to the pinned Node. Does nothing twice: on an installed
 * checkout it costs some milliseconds.
 *
 *     node scripts/bootstrap.mjs start|test [ARGUMENT…]
 *
 * Plain JavaScript without dependencies, because it runs before there are any. Exits with the code of what it
 * started; 2 = wrong usage, 3 = something indispensable is missing and cannot be installed from here.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runInForeground, runQuietly } from './child.mjs';
import { hasCommand, machinePackages } from './machine-packages.mjs';

const oldestNode = 20;
const sourcesNeedNode = 26;
const root = resolve(fileURLToPath(import.meta.url), '../..');
const inModules = (...path) => join(root, 'node_modules', ...path);
const commandFolder = inModules('.bin');
const addon = inModules('pkcs11js', 'build', 'Release', 'pkcs11.node');

/** What each mode runs once everything is there, with the environment and options of Node that package.json has for it. */
const programs = {
  start: {
    environment: { MALLOC_ARENA_MAX: '2' },
    options: ['--max-semi-space-size=8', '--heap-growing-percent=45', '--no-allocation-site-pretenuring'],
    program: 'src/app/main.ts',
    before: ['start'],
  },
  test: { environment: {}, options: [], program: 'scripts/test.mjs', before: [] },
};

/** Ends with a message for people instead of a stack trace. */
class CannotGoOn extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Progress goes to standard error: standard output belongs to the program that follows. */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Beginning and end of what a failed command printed: some say first what is wrong, some last. */
function excerpt(output) {
  const lines = output.trimEnd().split('\n');
  const shown = lines.length <= 30 ? lines : [...lines.slice(0, 10), '…', ...lines.slice(-20)];
  return shown.map((line) => `    ${line}`).join('\n');
}

async function step(what, command, args, options = {}) {
  say(`${what} …`);
  const started = performance.now();
  const result = await runQuietly(command, args, {
    ...options,
    onWaiting: (seconds) => say(`  still at it after ${seconds} s`),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (result.code === 0) say(`  done in ${seconds} s`);
  else say(`  failed after ${seconds} s (exit code ${result.code}):\n${excerpt(result.output)}`);
  return result;
}

// --- Debian packages ----------------------------------------------------------------------------------------

/** How to become root without asking anybody: `[]`, a prefix, or undefined when it cannot be done. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  if (hasCommand('sudo') && (await runQuietly('sudo', ['-n', 'true'])).code === 0) return ['sudo', '-n'];
  return undefined;
}

/** Another apt at work is waited for: by apt itself where it can, here where it cannot (`update`). */
async function aptGet(prefix, what, args) {
  const [command, ...rest] = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-oDPkg::Lock::Timeout=300',
    '-oDpkg::Use-Pty=0',
    ...args,
  ];
  const deadline = performance.now() + 300_000;
  for (;;) {
    const result = await step(what, command, rest);
    const isLocked = result.code !== 0 && /could not get lock|unable to lock/i.test(result.output);
    if (!isLocked || performance.now() > deadline) return result.code === 0;
    say('  another apt holds the lock: waiting');
    await sleep(5_000);
  }
}

/** Without package lists apt knows nothing; better to notice before an installation than halfway through. */
async function areKnownToApt(names) {
  for (const name of names) {
    const { code } = await runQuietly('apt-cache', ['show', '--no-all-versions', name]);
    if (code !== 0) return false;
  }
  return true;
}

/** Installs the missing packages as far as this machine lets us; the caller looks again what is there. */
async function installMachinePackages(missing) {
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  say('missing on this machine:');
  for (const { name, why } of missing) say(`  ${name}: ${why}`);
  if (!hasCommand('apt-get')) {
    say('no apt-get here: these packages are to be installed by hand');
    return;
  }
  const prefix = await rootPrefix();
  if (prefix === undefined) {
    say('neither root nor sudo without a password: to be installed by hand with');
    say(`  apt-get install --no-install-recommends ${names.join(' ')}`);
    return;
  }
  const update = () => aptGet(prefix, 'fetching package lists', ['update', '-q']);
  const installArguments = ['install', '-y', '-q', '--no-install-recommends', ...names];
  const install = () => aptGet(prefix, `installing ${names.join(' ')}`, installArguments);
  const isFresh = !(await areKnownToApt(names));
  if (isFresh) await update();
  if ((await install()) || isFresh) return;
  // Lists may be there but older than the archive.
  if (await update()) await install();
}

// --- npm packages -------------------------------------------------------------------------------------------

/**
 * Whether node_modules is what package-lock.json says. npm writes its own note of what it installed last, so
 * an installation that was interrupted has none.
 */
function isInstalled() {
  const note = inModules('.package-lock.json');
  if (!existsSync(note)) return false;
  const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const installed = packagesOf(note);
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const isThere = (path) =>
    installed[path]?.version === wanted[path].version && installed[path].integrity === wanted[path].integrity;
  const mayBeAbsent = (path) => installed[path] === undefined && wanted[path].optional === true;
  return (
    Object.keys(installed).every((path) => path in wanted) &&
    Object.keys(wanted).every((path) => path === '' || isThere(path) || mayBeAbsent(path))
  );
}

/** The npm that runs us, on the Node that it runs on, without node_modules, which it is about to replace. */
function npmCommand() {
  const { PATH = '', npm_execpath: npm, npm_node_execpath: node } = process.env;
  const path = PATH.split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const env = { ...process.env, ...headersOfPinnedNode(), PATH: path.join(delimiter) };
  const isUsable = npm !== undefined && node !== undefined && !node.startsWith(inModules());
  return isUsable ? { command: node, args: [npm], env } : { command: 'npm', args: [], env };
}

/** The pinned Node brings its headers along; told so, node-gyp downloads none. */
function headersOfPinnedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!Object.hasOwn(optionalDependencies, name)) return {};
  return { npm_config_nodedir: inModules(name), npm_package_config_node_gyp_nodedir: inModules(name) };
}

async function npm(what, args) {
  const { command, args: before, env } = npmCommand();
  const { code } = await step(what, command, [...before, ...args], { cwd: root, env });
  if (code !== 0) throw new CannotGoOn(`npm ${args[0]} failed: see above`, 3);
}

async function installNpmPackages(canBuildAddon) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  if (!isInstalled()) {
    const scripts = canBuildAddon ? [] : ['--ignore-scripts'];
    // Also where NODE_ENV or a user's configuration leaves development packages out.
    const all = ['--include=dev', '--include=optional'];
    await npm('installing npm packages (npm ci)', ['ci', ...all, ...scripts, ...quiet]);
  } else if (!existsSync(addon) && canBuildAddon) {
    await npm('building the PKCS#11 addon', ['rebuild', 'pkcs11js', ...quiet]);
  }
  if (canBuildAddon && !existsSync(addon)) {
    throw new CannotGoOn('npm did not build the PKCS#11 addon: is it set to ignore install scripts?', 3);
  }
}

/** Two installations at the same time would delete each other's files. */
async function exclusively(work) {
  const lock = join(root, 'var', 'install.lock');
  mkdirSync(join(root, 'var'), { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      const file = openSync(lock, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isStale(lock)) rmSync(lock, { force: true });
    else {
      if (!waited) say('another installation is at work in this checkout: waiting for it (var/install.lock)');
      await sleep(500);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isStale(lock) {
  let pid;
  try {
    pid = Number(readFileSync(lock, 'utf8'));
  } catch {
    return false; // just gone
  }
  if (pid === 0) return false; // just made
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

// --- hand over ----------------------------------------------------------------------------------------------

function majorVersion(version) {
  return Number(version.replace('v', '').split('.')[0]);
}

/** The pinned Node; where npm has none for this platform, our own if it is new enough. */
async function nodeForSources() {
  const pinned = join(commandFolder, 'node');
  if (existsSync(pinned)) {
    const { code, output } = await runQuietly(pinned, ['--version']);
    if (code === 0) return pinned;
    say(`the pinned Node does not run here:\n${excerpt(output)}`);
  }
  if (majorVersion(process.version) >= sourcesNeedNode) return process.execPath;
  throw new CannotGoOn(
    `no pinned Node for ${process.platform}-${process.arch}, and this one is ${process.version}: ` +
      `install Node ${sourcesNeedNode} or newer and run the command again`,
    3,
  );
}

const whatStillWorks = 'without them works, as it needs no token: npm run -s sigillo -- verify|inspect FILE';

/** What is missing from the machine for `mode`; the tools to build the addon only while it is not built. */
function missingFor(mode) {
  const purposes = isInstalled() && existsSync(addon) ? [mode] : [mode, 'addon'];
  return machinePackages.filter((entry) => entry.for.some((p) => purposes.includes(p)) && !entry.isPresent());
}

/** Installs, and throws when `mode` cannot begin with what there is. */
async function prepare(mode) {
  await installMachinePackages(missingFor(mode));
  const stillMissing = missingFor(mode);
  await installNpmPackages(!stillMissing.some((entry) => entry.for.includes('addon')));
  const names = (entries) => entries.map(({ name }) => name).join(' ');
  const indispensable = stillMissing.filter((entry) => entry.indispensable.includes(mode));
  if (indispensable.length > 0) {
    throw new CannotGoOn(`npm ${mode} needs these packages: ${names(indispensable)}\n${whatStillWorks}`, 3);
  }
  if (stillMissing.length > 0) {
    say(`going on without ${names(stillMissing)}: what needs them will fail, the rest works`);
  }
}

function isPrepared(mode) {
  return isInstalled() && existsSync(addon) && missingFor(mode).length === 0;
}

async function main([mode, ...args]) {
  if (!Object.hasOwn(programs, mode ?? '')) {
    throw new CannotGoOn('usage: node scripts/bootstrap.mjs start|test [ARGUMENT…]', 2);
  }
  if (majorVersion(process.version) < oldestNode) {
    throw new CannotGoOn(`Node ${oldestNode} or newer is needed, this is ${process.version}`, 3);
  }
  if (!isPrepared(mode)) await exclusively(() => prepare(mode));
  const { environment, options, program, before } = programs[mode];
  return runInForeground(await nodeForSources(), [...options, join(root, program), ...before, ...args], {
    env: {
      ...process.env,
      ...environment,
      PATH: `${commandFolder}${delimiter}${process.env.PATH ?? ''}`,
    },
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CannotGoOn)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
