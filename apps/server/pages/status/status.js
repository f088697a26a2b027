
'use strict';
// Reads status.json once a second and draws it. Rates are differences of counters, so that each
// open page has its own.
(() => {
  const kept = 121;  // samples: two minutes
  const recent = 60;  // seconds that the latency chart shows
  const samples = [];
  let lostSince = 0;

  const by = (id) => document.getElementById(id);
  const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
  const fine = new Intl.NumberFormat('en', {maximumFractionDigits: 1});
  const count = (n) => (n > 0 && n < 10 ? fine : whole).format(n);
  const bytes = (n) => {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    let unit = 0;
    for (; n >= 1024 && unit + 1 < units.length; unit++) n /= 1024;
    return (unit ? fine : whole).format(n) + ' ' + units[unit];
  };
  const duration = (s) => {
    const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
    const at = Math.min(parts.length - 1, Math.max(0, parts.findIndex(([size]) => s >= size)));
    const first = Math.floor(s / parts[at][0]);
    if (at === 3) return first + ' s';
    return first + ' ' + parts[at][1] + ' ' + Math.floor(s % parts[at][0] / parts[at + 1][0]) + ' ' +
        parts[at + 1][1];
  };
  const seconds = (s) => s < 1 ? fine.format(s * 1000) + ' ms' : fine.format(s) + ' s';

  const shape = (name, attributes, parent) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };
  const label = (svg, x, y, text, anchor) => {
    shape('text', {x, y, 'text-anchor': anchor || 'start'}, svg).textContent = text;
  };

  // The rate of a number between each two samples; a restart of the server begins anew.
  const rates = (get) => samples.slice(1).map((sample, i) => {
    const before = samples[i];
    const gain = get(sample.data) - get(before.data);
    return gain < 0 ? 0 : gain / Math.max(0.2, (sample.at - before.at) / 1000);
  });
  const last = (values) => values.length ? values[values.length - 1] : 0;
  const sum = (object) => Object.values(object).reduce((all, n) => all + n, 0);

  // Lines over the last two minutes, the newest value at the right.
  const chart = (id, name, lines, format) => {
    const svg = by(id);
    const width = svg.clientWidth || 300;
    const height = svg.clientHeight || 112;
    const top = 18;
    const most = Math.max(1, ...lines.flat());
    svg.replaceChildren();
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    for (const y of [top, (top + height) / 2, height - 1]) {
      shape('line', {class: 'axis', x1: 0, x2: width, y1: y, y2: y}, svg);
    }
    label(svg, 0, 12, format(most));
    label(svg, width, 12, 'now ' + lines.map((line) => format(last(line))).join(', '), 'end');
    lines.forEach((line, i) => {
      const points = line.map((value, k) => {
        const x = width - (line.length - 1 - k) * width / (kept - 2);
        return `${x.toFixed(1)},${(height - 1 - value / most * (height - 1 - top)).toFixed(1)}`;
      });
      shape('polyline', {class: 'ab'[i], points: points.join(' ')}, svg);
    });
    svg.setAttribute('aria-label', `${name}: now ${lines.map((line) => format(last(line))).join(', ')}; at most ${format(most)}`);
  };

  // One bar for each bucket of the histogram: of the last minute, or since the start.
  const histogram = (data) => {
    const old = samples[Math.max(0, samples.length - 1 - recent)].data;
    let buckets = data.durations.map((n, i) => Math.max(0, n - old.durations[i]));
    const isRecent = sum(buckets) > 0;
    if (!isRecent) buckets = data.durations;
    by('latency-title').textContent =
        'Requests by duration, ' + (isRecent ? 'in the last minute' : 'since the start');
    const svg = by('latency-chart');
    const width = svg.clientWidth || 300;
    const row = 24;
    const left = 78;
    const all = Math.max(1, sum(buckets));
    svg.replaceChildren();
    svg.setAttribute('viewBox', `0 0 ${width} ${row * buckets.length}`);
    const words = buckets.map((n, i) => {
      const name = i < data.bounds.length ? 'to ' + seconds(data.bounds[i]) : 'longer';
      const y = i * row;
      const size = n / all * (width - left - 64);
      label(svg, left - 8, y + 16, name, 'end');
      shape('rect', {x: left, y: y + 4, width: Math.max(n ? 2 : 0, size).toFixed(1), height: row - 8, rx: 2}, svg);
      if (n) label(svg, left + size + 8, y + 16, fine.format(n / all * 100) + ' %');
      return n ? `${name}: ${fine.format(n / all * 100)} %` : '';
    });
    svg.setAttribute('aria-label', 'Latency: ' + (words.filter(Boolean).join(', ') || 'no requests'));
  };

  const fill = (id, head, rows) => {
    const line = (tag, cells) => {
      const row = document.createElement('tr');
      cells.forEach((text, i) => {
        const cell = document.createElement(i === 0 ? 'th' : tag);
        if (cell.tagName === 'TH') cell.scope = tag === 'th' ? 'col' : 'row';
        cell.textContent = text;
        row.append(cell);
      });
      return row;
    };
    const thead = document.createElement('thead');
    const tbody = document.createElement('tbody');
    if (head) thead.append(line('th', head));
    tbody.append(...rows.map((cells) => line('td', cells)));
    by(id).replaceChildren(...(head ? [thead, tbody] : [tbody]));
  };
  // Rows of counters with their rates.
  const counters = (id, group, names, others = []) => fill(id, ['', 'total', 'per second'], [
    ...names.map(([key, name]) => [name, count(samples.at(-1).data[group][key]),
      count(last(rates((data) => data[group][key] || 0)))]),
    ...others]);

  const draw = () => {
    const {data} = samples.at(-1);
    const requests = rates((d) => sum(d.codes));
    const sent = rates((d) => d.bytes.sent);
    by('build').textContent = `quoitd ${data.version} on ${data.engine}, ${data.workers.length} worker` +
        (data.workers.length === 1 ? '' : 's');
    by('rate').textContent = count(last(requests));
    by('sending').textContent = bytes(last(sent));
    by('connections').textContent = count(data.connections.active + data.connections.idle);
    by('uploads').textContent = count(data.uploads['in flight']);
    by('uptime').textContent = duration(Math.max(0, data.now - data.start));
    by('total').textContent = count(sum(data.codes));
    chart('requests-chart', 'Requests per second', [requests], count);
    chart('bytes-chart', 'Bytes per second, sent and received',
        [sent, rates((d) => d.bytes.received)], bytes);
    chart('connections-chart', 'Connections, active and all',
        [samples.map((s) => s.data.connections.active),
          samples.map((s) => s.data.connections.active + s.data.connections.idle)], count);
    histogram(data);
    counters('codes', 'codes', Object.keys(data.codes).map((code) => [code, code]));
    if (!Object.keys(data.codes).length) fill('codes', null, [['No requests yet']]);
    fill('connections-table', null, [
      ...['accepted', 'refused', 'accept failures'].map((key) => [key, count(data.connections[key])]),
      ...Object.entries(data.timeouts).map(([key, n]) => [`timeouts: ${key}`, count(n)]),
      ...Object.entries(data.uploads).slice(1).map(([key, n]) => [`uploads ${key}`, count(n)])]);
    const lookups = data.cache.hits + data.cache.misses;
    by('hits').value = lookups ? data.cache.hits / lookups : 0;
    counters('cache', 'cache',
        [['hits', 'hits'], ['misses', 'misses'], ['changes', 'changes on disk'], ['dropped', 'dropped']],
        [['memory', bytes(data.cache.bytes), ''], ['entries', count(data.cache.files), '']]);
    counters('engine', 'operations', Object.keys(data.operations).map((key) => [key, key]));
    fill('process', null, [
      ['resident memory', bytes(data.process.resident)],
      ['CPU time', seconds(data.process.cpu)],
      ['open descriptors', `${count(data.process['open files'])} of ${count(data.process['most files'])}`],
      ['free on the disk', data.disk < 0 ? 'not known' : bytes(data.disk)],
      ['log lines lost', count(data['log lines lost'])]]);
    for (const section of document.querySelectorAll('section')) section.classList.remove('lost');
  };

  const show = (text, isBad) => {
    const state = by('state');
    if (state.textContent !== text) state.textContent = text;
    state.className = isBad ? 'bad' : '';
  };

  const read = async () => {
    try {
      const response = await fetch('status.json', {cache: 'no-store', signal: AbortSignal.timeout(5000)});
      const data = await response.json();
      if (samples.length && samples.at(-1).data.start !== data.start) samples.length = 0;
      samples.push({at: performance.now(), data});
      if (samples.length > kept) samples.shift();
      lostSince = 0;
      by('live').hidden = false;
      const reasons = [...data.health, ...data.reasons];
      show(reasons.length ? 'Not ready:\n' + reasons.join('\n') : 'Ready: requests are served.',
          reasons.length > 0);
      draw();
    } catch (error) {
      lostSince = lostSince || Date.now();
      show(`The connection to the server is lost. It has not answered since ${new Date(lostSince).toLocaleTimeString()}.`, true);
      for (const section of document.querySelectorAll('section')) section.classList.add('lost');
    }
    setTimeout(read, 1000);
  };
  read();
})();
