// Brings node_modules to what package-lock.json says, once, whoever else is trying to at the same time.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const progressMs = 10_000;
const lockPollMs = 500;
const lockWaitMsMax = 15 * 60_000;
const errorsMax = 64 * 1024;
const errorLinesMax = 30;

const say = (message) => process.stderr.write(`acta: ${message}\n`);
const lockFileOf = (root) => path.join(root, 'package-lock.json');
const stampOf = (root) => path.join(root, 'node_modules', '.acta-lock-hash');
const hashOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
const packagesIn = (file) => JSON.parse(readFileSync(file, 'utf8')).packages ?? {};

/** npm's own note of what it installed: written last, so an interrupted installation has none. */
const notedByNpm = (root, { dev }) => {
  const note = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return false;
  const installed = packagesIn(note);
  return Object.entries(packagesIn(lockFileOf(root))).every(([place, wanted]) => {
    if (place === '') return true;
    const found = installed[place];
    if (found === undefined) return wanted.optional || wanted.devOptional || wanted.peer || (wanted.dev && !dev);
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
};

const writeStamp = (root) => {
  try {
    writeFileSync(stampOf(root), `${hashOf(lockFileOf(root))}\n`);
  } catch {
    // A read-only tree has no stamp; npm's note answers there, a few milliseconds slower.
  }
};

/** Whether node_modules is what the lock file says; `dev: false` asks only for what the product needs to run. */
export const isInstalled = (root, { dev }) => {
  const stamp = stampOf(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === hashOf(lockFileOf(root))) return true;
  // Someone ran `npm ci` by hand, which removed the stamp.
  if (!notedByNpm(root, { dev })) return false;
  if (dev || notedByNpm(root, { dev: true })) writeStamp(root);
  return true;
};

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

const pidIn = (file) => {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

/** Takes a dead owner's lock away. A rename succeeds for one of several who try; a living owner's lock is put back. */
const removeStale = (lock, owner) => {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (pidIn(aside) !== owner) linkSync(aside, lock);
    unlinkSync(aside);
  } catch {
    // Another process was quicker; the next round sees what it left.
  }
};

/** Waits until this process alone may install; answers how to give the lock back. */
const lockInstallation = async (root) => {
  const lock = path.join(root, '.acta-install.lock');
  const mine = `${lock}.new.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    for (let waitedMs = 0; waitedMs < lockWaitMsMax; waitedMs += lockPollMs) {
      try {
        // A link appears whole, with the owner's id in it: nobody ever reads an empty lock.
        linkSync(mine, lock);
        return () => unlinkSync(lock);
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const owner = pidIn(lock);
      if (owner !== undefined && !isAlive(owner)) removeStale(lock, owner);
      else if (waitedMs === 0) say(`another process${owner ? ` (${owner})` : ''} is installing; waiting for it`);
      await new Promise((resolve) => setTimeout(resolve, lockPollMs));
    }
  } finally {
    unlinkSync(mine);
  }
  throw new Error(`gave up waiting for another installation; if none is running, remove ${lock}`);
};

/** npm as it was called, so that the same npm goes on; else the one on the path. */
const npmCommand = () => {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && path.basename(cli) === 'npm-cli.js')
    return { file: process.env.npm_node_execpath ?? process.execPath, args: [cli], shell: false };
  return { file: 'npm', args: [], shell: process.platform === 'win32' };
};

const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED|network/;

const failure = (code, output) => {
  if (offline.test(output))
    return (
      'the dependencies could not be fetched: no package registry can be reached.\n' +
      '  The first start needs the network (or a filled npm cache); later ones do not. Check the connection or the\n' +
      '  registry and proxy settings of npm, then run the same command again.'
    );
  return `npm ci failed (exit code ${code}); its output stands above. Mend what it names, then run the same command again.`;
};

const npmCi = (root, { dev }) =>
  new Promise((resolve, reject) => {
    const { file, args, shell } = npmCommand();
    const include = dev ? ['--include=dev', '--include=optional'] : ['--include=optional'];
    const npm = spawn(file, [...args, 'ci', '--ignore-scripts', '--prefer-offline', ...include], {
      cwd: root,
      shell,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const startedAt = Date.now();
    const ticking = setInterval(() => {
      say(`still installing, ${Math.round((Date.now() - startedAt) / 1000)} s`);
    }, progressMs);
    npm.stdout.pipe(process.stderr, { end: false });
    let errors = '';
    npm.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(0, errorsMax);
    });
    npm.on('error', (error) => {
      clearInterval(ticking);
      reject(new Error(`npm could not be started (${error.message}); npm comes with Node and must be on the path`));
    });
    npm.on('close', (code) => {
      clearInterval(ticking);
      if (code === 0) return resolve();
      // Below its error, npm prints all of its usage.
      process.stderr.write(`${errors.split('\n').slice(0, errorLinesMax).join('\n')}\n`);
      return reject(new Error(failure(code, errors)));
    });
  });

/** Installs exactly what the lock file says. Throws an Error whose message tells the reader what to do. */
export const install = async (root, { dev }) => {
  if (!existsSync(lockFileOf(root))) throw new Error('package-lock.json is missing; restore it from the repository');
  const unlock = await lockInstallation(root);
  try {
    if (isInstalled(root, { dev })) return;
    say(
      existsSync(path.join(root, 'node_modules'))
        ? 'the lock file changed; installing what it says'
        : 'first start; installing what the lock file says (once, about a minute)',
    );
    const startedAt = Date.now();
    await npmCi(root, { dev });
    if (!isInstalled(root, { dev }))
      throw new Error(
        'npm ci ended well, yet packages are missing: an "omit" in an npm configuration? npm config get omit',
      );
    say(`installed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  } finally {
    unlock();
  }
};
