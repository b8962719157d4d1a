// Starts what the tests look at: the site of an invented release, on a free port of this machine; or takes ACCORD_URL.

import { spawn, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Writes the invented release of the site's own tests and serves it as a draft. */
export async function startSite() {
  if (process.env.ACCORD_URL) {
    return { url: process.env.ACCORD_URL.replace(/\/$/, ''), stop() {} };
  }
  const folder = mkdtempSync(join(tmpdir(), 'accord-e2e-'));
  const test = 'tests::the_invented_release_can_be_written_for_the_browser';
  execFileSync('cargo', ['test', '-q', '-p', 'accord-web', '--lib', '--', '--exact', test], {
    cwd: root, env: { ...process.env, ACCORD_WRITE_BUNDLE: folder }, stdio: ['ignore', 'ignore', 'inherit'],
  });
  const flat = mkdtempSync(join(tmpdir(), 'accord-e2e-flat-'));
  const flatTest = 'tests::the_invented_flat_release_can_be_written_for_the_browser';
  execFileSync('cargo', ['test', '-q', '-p', 'accord-web', '--lib', '--', '--exact', flatTest], {
    cwd: root, env: { ...process.env, ACCORD_WRITE_FLAT: flat }, stdio: ['ignore', 'ignore', 'inherit'],
  });
  const studies = mkdtempSync(join(tmpdir(), 'accord-e2e-studies-'));
  const studyTest = 'study_tests::the_invented_studies_can_be_written_for_the_browser';
  execFileSync('cargo', ['test', '-q', '-p', 'accord-web', '--lib', '--', '--exact', studyTest], {
    cwd: root, env: { ...process.env, ACCORD_WRITE_STUDIES: studies }, stdio: ['ignore', 'ignore', 'inherit'],
  });
  const bundles = [flat, ...readdirSync(studies).map((study) => join(studies, study)), folder];
  const program = process.env.ACCORD_BIN
    ? [process.env.ACCORD_BIN, []]
    : ['cargo', ['run', '-q', '-p', 'accord', '--']];
  const given = bundles.flatMap((bundle) => ['--bundle', bundle]);
  const args = [...program[1], 'hub', 'serve', ...given, '--port', '0', '--json'];
  const child = spawn(program[0], args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
      const found = text.match(/"url":"(http:[^"]+?)\/?"/);
      if (found) resolve(found[1]);
    });
    child.on('exit', (code) => reject(new Error(`accord hub serve ended with ${code}`)));
  });
  return {
    url,
    stop() {
      child.removeAllListeners('exit');
      child.kill('SIGINT');
      rmSync(folder, { recursive: true, force: true });
      rmSync(flat, { recursive: true, force: true });
      rmSync(studies, { recursive: true, force: true });
    },
  };
}

/** Serves the studies with a second language that runs from right to left (its words are English until it is translated). */
export async function startMirrored() {
  const folder = mkdtempSync(join(tmpdir(), 'accord-e2e-mirrored-'));
  const told = join(folder, 'url');
  const test = 'study_tests::the_studies_can_be_served_mirrored_for_the_browser';
  const child = spawn('cargo', ['test', '-q', '-p', 'accord-web', '--lib', '--', '--exact', test], {
    cwd: root, env: { ...process.env, ACCORD_SERVE_MIRRORED: told }, stdio: ['ignore', 'ignore', 'inherit'], detached: true,
  });
  let ended;
  child.on('exit', (code) => { ended = code; });
  while (!existsSync(told) || !readFileSync(told, 'utf8').startsWith('http')) {
    if (ended !== undefined) throw new Error(`the mirrored site ended with ${ended}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url: readFileSync(told, 'utf8'),
    stop() {
      child.removeAllListeners('exit');
      // Cargo and the test that it started are a process group of their own.
      process.kill(-child.pid, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ids of the studies of which the site shows a release. */
export async function studyIds(url) {
  const list = await (await fetch(`${url}/studies`)).text();
  return [...list.matchAll(/href="\/studies\/([a-z0-9-]+)"/g)].map((found) => found[1]);
}

/** A browser that talks to nobody by itself, with a fresh profile. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.ACCORD_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}

/** Release that the site shows, read from its list. */
export async function releaseId(url) {
  const list = await (await fetch(`${url}/releases`)).text();
  const found = list.match(/href="\/releases\/(demo-[0-9-]+)"/) ?? list.match(/href="\/releases\/([a-z0-9_-]+)"/);
  if (!found) throw new Error('the site shows no release');
  return found[1];
}

/** The flat release that the site shows, if any. */
export async function flatId(url) {
  const list = await (await fetch(`${url}/releases`)).text();
  return list.match(/href="\/releases\/([a-z0-9_-]*flat[a-z0-9_-]*)"/)?.[1];
}

/** One page of each kind. */
export function pages(id, flat, studies = []) {
  const table = (t) => `/releases/${id}/tables/${t}`;
  return {
    home: '/', releases: '/releases', release: `/releases/${id}`, m1: table('m1'), m3: table('m3'),
    headlines: table('headlines'), cell: `/f/${id}.m1.female.a15_17`, symbol: `/f/${id}.m1.other.a0_4`,
    third: `/f/${id}.m3.female.a15_17.recruitment`, group: `/f/${id}.m1.group.girls-10-17`, call: '/call', help: '/help',
    about: '/about', privacy: '/privacy', method: '/method', exit: '/exit', missing: '/nowhere',
    explore: '/explore', unpublished: `/explore?release=${id}&sex=sex.female&also=exploitation.sexual&by=technology_role`,
    ...(flat ? { flat: `/releases/${flat}` } : {}),
    studies: '/studies',
    ...Object.fromEntries(studies.map((study) => [`study-${study}`, `/studies/${study}`])),
  };
}
