// Drawings: a progress bar with the pace mark, and done against the even pace over the months. Plain SVG.
'use strict';
M.bar = function (row) {
  var most = Math.max(row.goal || 1, row.done || 0), done = Math.min(1, (row.done || 0) / most), pace = Math.min(1, (row.expected || 0) / most);
  var svg = M.svg('svg', { viewBox: '0 0 200 18', preserveAspectRatio: 'none', 'class': 'bar ' + (row.lamp || 'grey'), role: 'img',
    'aria-label': M.t('完成 ', 'done ') + M.rate(row.done, row.goal) + (row.expected ? M.t('，序时 ', ', pace ') + M.rate(row.expected, row.goal) : '') });
  svg.appendChild(M.svg('rect', { x: 0, y: 4, width: 200, height: 10, rx: 2, 'class': 'track' }));
  svg.appendChild(M.svg('rect', { x: 0, y: 4, width: Math.max(done > 0 ? 1.5 : 0, 200 * done), height: 10, rx: 2, 'class': 'fill' }));
  if (row.expected) svg.appendChild(M.svg('rect', { x: Math.max(0, 200 * pace - 1), y: 0, width: 2, height: 18, 'class': 'pace' }));
  return svg;
};
// points: [{label, value}] cumulative; pace: [{label index, value}]; goal
M.lines = function (labels, done, pace, goal, show) {
  var width = 640, height = 220, left = 84, right = 16, top = 14, bottom = 28;
  var most = Math.max.apply(null, done.concat(pace, [goal || 0, 1]).filter(function (one) { return one !== null; })) * 1.05;
  function x(index) { return left + (labels.length < 2 ? 0 : index * (width - left - right) / (labels.length - 1)); }
  function y(value) { return height - bottom - value / most * (height - top - bottom); }
  function path(values) {
    var text = '';
    values.forEach(function (value, index) { if (value !== null) text += (text ? 'L' : 'M') + x(index).toFixed(1) + ' ' + y(value).toFixed(1); });
    return text;
  }
  var svg = M.svg('svg', { viewBox: '0 0 ' + width + ' ' + height, 'class': 'lines', role: 'img', 'aria-label': M.t('各月累计与序时进度', 'cumulative by month against the even pace') });
  [0, 0.5, 1].forEach(function (part) {
    var value = (goal || most / 1.05) * part;
    svg.appendChild(M.svg('line', { x1: left, x2: width - right, y1: y(value), y2: y(value), 'class': 'grid' }));
    svg.appendChild(M.svg('text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, show(value)));
  });
  labels.forEach(function (label, index) {
    var anchor = index === labels.length - 1 ? 'end' : index === 0 ? 'start' : 'middle';
    svg.appendChild(M.svg('text', { x: x(index) + (anchor === 'end' ? right - 2 : 0), y: height - 8, 'text-anchor': anchor }, label));
  });
  svg.appendChild(M.svg('path', { d: path(pace), 'class': 'pace' }));
  svg.appendChild(M.svg('path', { d: path(done), 'class': 'done' }));
  done.forEach(function (value, index) { if (value !== null) svg.appendChild(M.svg('circle', { cx: x(index), cy: y(value), r: 3.5, 'class': 'dot' })); });
  return M.h('figure.chart', svg, M.h('figcaption', M.h('span.key.done', M.t('累计完成', 'done')), M.h('span.key.pace', M.t('序时进度', 'even pace'))));
};
