// The public site in a browser: every page in light, dark, on a phone, printed, in forced colours, without scripts; by
// keyboard alone; and never a request to another site. Pictures go to out/.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { flatId, pages, releaseId, startBrowser, startMirrored, startSite, studyIds } from './site.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const out = new URL('./out/', import.meta.url);
mkdirSync(out, { recursive: true });

let site;
let browser;
let all;
let studies;

before(async () => {
  site = await startSite();
  browser = await startBrowser();
  studies = await studyIds(site.url);
  all = pages(await releaseId(site.url), await flatId(site.url), studies);
});
after(async () => {
  await browser?.close();
  site?.stop();
});

const looks = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: 'light' },
};

/** Opens a page and fails on any request that leaves the site, and on any complaint of the browser. */
async function open(options, path, expect = 200) {
  const context = await browser.newContext(options);
  const foreign = [];
  const complaints = [];
  const page = await context.newPage();
  page.on('request', (r) => { if (!r.url().startsWith(site.url)) foreign.push(r.url()); });
  page.on('console', (m) => { if (m.type() === 'error' && !m.text().includes('404')) complaints.push(m.text()); });
  const response = await page.goto(site.url + path);
  assert.equal(response.status(), expect, path);
  return { page, context, foreign, complaints };
}

/** Violations of WCAG 2.2 A and AA. axe runs in a world of its own, which the page's policy does not reach. */
async function violations(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } =
    await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' });
  await session.send('Runtime.evaluate', { expression: axe, contextId });
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const run = `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then((r) => JSON.stringify({ passes: r.passes.length,
    found: r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target + ' ' + n.failureSummary).join(' | ')) }))`;
  const { result, exceptionDetails } =
    await session.send('Runtime.evaluate', { expression: run, contextId, awaitPromise: true });
  assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
  const { passes, found } = JSON.parse(result.value);
  assert.ok(passes > 5, 'axe looked at nothing');
  return found;
}

for (const [look, options] of Object.entries(looks)) {
  describe(`every page, ${look}`, () => {
    it('passes axe, stays inside the window, asks no other site', async () => {
      const wrong = [];
      for (const [name, path] of Object.entries(all)) {
        const { page, context, foreign, complaints } = await open(options, path, name === 'missing' ? 404 : 200);
        for (const v of await violations(page)) wrong.push(`${name}: ${v}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (wide > 0) wrong.push(`${name}: ${wide} px wider than the window`);
        for (const f of foreign) wrong.push(`${name}: asked ${f}`);
        for (const c of complaints) wrong.push(`${name}: ${c}`);
        await page.screenshot({ path: new URL(`${name}-${look}.png`, out).pathname, fullPage: true });
        await context.close();
      }
      assert.deepEqual(wrong, []);
    });
  });
}

describe('touch targets on a phone', () => {
  it('the help and exit links, the navigation and buttons are 44 pixels high', async () => {
    const { page, context } = await open(looks.phone, all.home);
    const small = await page.$$eval('.bar a, .words a, .button, summary, .doors a', (links) =>
      links.map((l) => [l.textContent.trim(), l.getBoundingClientRect()]).filter(([, b]) => b.height < 44).map(([t]) => t));
    assert.deepEqual(small, []);
    await context.close();
  });
});

describe('the keyboard alone', () => {
  it('meets the skip link first, then help and exit, and sees where it is', async () => {
    const { page, context } = await open(looks.light, all.home);
    const here = () => page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      return { words: e.textContent.trim(), href: e.getAttribute('href'), outline: parseFloat(style.outlineWidth), top: e.getBoundingClientRect().top };
    });
    const walk = [];
    for (let i = 0; i < 9; i += 1) {
      await page.keyboard.press('Tab');
      walk.push(await here());
    }
    assert.deepEqual(walk.slice(0, 4).map((w) => w.href), ['#main', '/', '/help', '/exit']);
    assert.ok(walk.every((w) => w.outline >= 2), 'focus can be seen');
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.focus('.skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await context.close();
  });

  it('never has its focus hidden under the bar at the top', async () => {
    const { page, context } = await open(looks.phone, all.release);
    const hidden = [];
    for (let i = 0; i < 60; i += 1) {
      await page.keyboard.press('Tab');
      const under = await page.evaluate(() => {
        const e = document.activeElement;
        if (e.closest('.bar, .skip') || e === document.body) return null;
        const bar = document.querySelector('.bar').getBoundingClientRect();
        const box = e.getBoundingClientRect();
        return box.bottom <= bar.bottom ? e.outerHTML.slice(0, 80) : null;
      });
      if (under) hidden.push(under);
    }
    assert.deepEqual(hidden, []);
    await context.close();
  });
});

describe('without scripts', () => {
  it('figures, tables, folds and the exit work', async () => {
    const { page, context } = await open({ ...looks.phone, javaScriptEnabled: false }, all.home);
    await page.locator('details.numbers summary').first().click();
    assert.ok(await page.locator('details.numbers table').first().isVisible());
    await page.locator('details.numbers table a').first().click();
    await page.waitForURL(/\/f\//);
    assert.ok(await page.locator('.detected').first().isVisible());
    await page.locator('.bar .exit').click();
    await page.waitForURL(/\/exit$/);
    assert.equal(await page.title(), 'New page');
    await context.close();
  });

  it('the exit is at the same place on every page and stays there when scrolled', async () => {
    const places = new Set();
    for (const [name, path] of Object.entries(all)) {
      if (name === 'exit') continue;
      const { page, context } = await open(looks.phone, path, name === 'missing' ? 404 : 200);
      await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
      const box = await page.locator('.bar .exit').boundingBox();
      places.add(JSON.stringify([Math.round(box.x), Math.round(box.y), Math.round(box.width)]));
      await context.close();
    }
    assert.equal(places.size, 1, [...places].join(' '));
  });
});

describe('the explorer', () => {
  const asked = (id) => `/explore?release=${id}&sex=sex.female&age=age_band.a15_17&by=technology_role`;

  it('is a sentence that the keyboard completes without a script, and its address shows the same again', async () => {
    const { page, context } = await open({ ...looks.light, javaScriptEnabled: false }, '/');
    await page.locator('.doors a[href="/explore"]').click();
    await page.locator('#x-sex').selectOption({ label: 'girls and women' });
    await page.locator('#x-age').selectOption('age_band.a15_17');
    await page.locator('#x-by').selectOption('exploitation');
    await page.locator('.sentence button').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/by=exploitation/);
    const numbers = () => page.locator('.answer-table tbody').innerText();
    const first = await numbers();
    assert.match(first, /m2\.female\.a15_17\./);
    await page.locator('.cite ~ p a[href*="/explore?"]').click();
    assert.equal(await numbers(), first);
    await page.locator('.answer-table tbody tr').first().locator('a').click();
    await page.waitForURL(/\/f\//);
    await context.close();
  });

  it('keeps inside the window from right to left, on a phone too', async () => {
    const id = await releaseId(site.url);
    for (const [name, look] of [['explore-rtl', looks.light], ['explore-rtl-phone', looks.phone]]) {
      const { page, context } = await open(look, asked(id));
      await page.evaluate(() => { document.documentElement.dir = 'rtl'; document.documentElement.lang = 'ar'; });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${wide} px too wide`);
      const sides = await page.$$eval('.sentence select', (all) => all.map((s) => getComputedStyle(s).direction));
      assert.ok(sides.every((s) => s === 'rtl'));
      await page.screenshot({ path: new URL(`${name}.png`, out).pathname, fullPage: true });
      await context.close();
    }
  });

  it('is touched on a phone: every choice and the button are 44 pixels high', async () => {
    const { page, context } = await open(looks.phone, all.explore);
    const small = await page.$$eval('.sentence select, .sentence button, .find', (all) =>
      all.map((e) => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect().height]).filter(([, h]) => h < 44));
    assert.deepEqual(small, []);
    await context.close();
  });

  it('prints the numbers with interval, id and caveat, and not the form', async () => {
    const { page, context } = await open(looks.light, all.explore);
    await page.emulateMedia({ media: 'print' });
    for (const seen of ['.result .chart', '.result .detected', '.answer-table', '.cite', '.banners']) {
      assert.ok(await page.locator(seen).first().isVisible(), seen);
    }
    for (const gone of ['.sentence', '.words', '.bar .exit']) {
      assert.ok(!(await page.locator(gone).first().isVisible()), gone);
    }
    await page.pdf({ path: new URL('explore.pdf', out).pathname, format: 'A4' });
    await page.screenshot({ path: new URL('explore-print.png', out).pathname, fullPage: true });
    await context.close();
  });

  it('answers a mistake with a page and the nearest choice', async () => {
    const { page, context } = await open(looks.light, '/explore?by=tecnology_role&age=15', 400);
    assert.ok(await page.locator('#wrong').isVisible());
    await page.locator('.refused .empty a').click();
    assert.match(page.url(), /by=technology_role/);
    await context.close();
  });
});

describe('the exit', () => {
  it('asks the browser to forget the site', async () => {
    const { page, context } = await open(looks.light, all.help);
    const [response] = await Promise.all([page.waitForResponse(/\/exit$/), page.locator('.bar .exit').click()]);
    assert.match(await response.headerValue('clear-site-data'), /cache/);
    await context.close();
  });
});

describe('on paper', () => {
  it('the figure, its id, its caveat and its numbers are printed; the navigation is not', async () => {
    const { page, context } = await open(looks.light, all.group);
    await page.emulateMedia({ media: 'print' });
    for (const seen of ['.statement', '.chart', '.detected', '.origin code', '.numbers table', '.banners']) {
      assert.ok(await page.locator(seen).first().isVisible(), seen);
    }
    for (const gone of ['.words', '.bar .exit', '.bar .get-help']) {
      assert.ok(!(await page.locator(gone).first().isVisible()), gone);
    }
    for (const name of ['home', 'group', 'release']) {
      await page.goto(site.url + all[name]);
      await page.pdf({ path: new URL(`${name}.pdf`, out).pathname, format: 'A4' });
      await page.screenshot({ path: new URL(`${name}-print.png`, out).pathname, fullPage: true });
    }
    await context.close();
  });
});

describe('studies on paper', () => {
  it('limits, statements, charts, caveats and numbers are printed, and nothing runs off the sheet', async () => {
    for (const study of studies) {
      const { page, context } = await open({ viewport: { width: 720, height: 1000 } }, `/studies/${study}`);
      await page.emulateMedia({ media: 'print' });
      for (const seen of ['.limits', '.block .chart', '.block .detected', '.block .numbers table', '.banners']) {
        assert.ok(await page.locator(seen).first().isVisible(), `${study}: ${seen}`);
      }
      for (const gone of ['.words', '.bar .exit', '.block .exports', '.onpage']) {
        assert.ok(!(await page.locator(gone).first().isVisible()), `${study}: ${gone}`);
      }
      await page.pdf({ path: new URL(`study-${study}.pdf`, out).pathname, format: 'A4' });
      await page.screenshot({ path: new URL(`study-${study}-print.png`, out).pathname, fullPage: true });
      await context.close();
    }
  });
});

describe('studies from right to left', () => {
  it('pass axe, stay inside the window and mirror their charts, on a desk and on a phone', { skip: process.env.ACCORD_URL && 'another site' }, async () => {
    const mirrored = await startMirrored();
    try {
      const wrong = [];
      for (const [look, options] of Object.entries({ light: looks.light, phone: looks.phone })) {
        const context = await browser.newContext(options);
        const page = await context.newPage();
        for (const study of [...studies, 'explore']) {
          await page.goto(study === 'explore'
            ? `${mirrored.url}/ar/explore?sex=sex.female&age=a15_17&by=use_group` : `${mirrored.url}/ar/studies/${study}`);
          for (const v of await violations(page)) wrong.push(`${study}, ${look}: ${v}`);
          const { wide, direction, outside } = await page.evaluate(() => {
            // The start of a label is at the right edge of its chart.
            const outside = [...document.querySelectorAll('.chart text')].filter((t) => {
              const [box, frame] = [t.getBoundingClientRect(), t.closest('.picture').getBoundingClientRect()];
              return box.left < frame.left - 3 || box.right > frame.right + 3;
            }).map((t) => t.textContent);
            return { wide: document.documentElement.scrollWidth - window.innerWidth, direction: document.dir, outside };
          });
          if (direction !== 'rtl') wrong.push(`${study}, ${look}: runs ${direction}`);
          if (wide > 0) wrong.push(`${study}, ${look}: ${wide} px wider than the window`);
          if (outside.length) wrong.push(`${study}, ${look}: outside their chart: ${outside.slice(0, 5)}`);
          await page.screenshot({ path: new URL(`study-${study}-mirrored-${look}.png`, out).pathname, fullPage: true });
        }
        await context.close();
      }
      assert.deepEqual(wrong, []);
    } finally {
      mirrored.stop();
    }
  });
});

describe('charts of studies', () => {
  it('keep their words inside the picture', async () => {
    const wrong = [];
    for (const study of studies) {
      const { page, context } = await open(looks.phone, `/studies/${study}`);
      const outside = await page.$$eval('.chart text', (texts) => texts.filter((t) => {
        const [box, frame] = [t.getBoundingClientRect(), t.closest('.picture').getBoundingClientRect()];
        return box.left < frame.left - 3 || box.right > frame.right + 3;
      }).map((t) => t.textContent));
      if (outside.length) wrong.push(`${study}: ${[...new Set(outside)].slice(0, 6).join(' | ')}`);
      await context.close();
    }
    assert.deepEqual(wrong, []);
  });
});

describe('forced colours and large text', () => {
  it('charts keep their marks', async () => {
    const { page, context } = await open({ ...looks.light, forcedColors: 'active' }, all.group);
    await page.screenshot({ path: new URL('group-forced.png', out).pathname, fullPage: true });
    assert.ok(await page.locator('.chart rect').count() > 2);
    await context.close();
  });

  it('at four times the size nothing must be scrolled sideways but tables', async () => {
    const { page, context } = await open({ viewport: { width: 320, height: 256 } }, all.release);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await context.close();
  });
});

describe('text spacing', () => {
  it('nothing is cut when a reader widens the spacing (WCAG 1.4.12)', async () => {
    const { page, context } = await open({ ...looks.phone, bypassCSP: true }, all.home);
    await page.addStyleTag({ content: '*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}' });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await context.close();
  });
});
