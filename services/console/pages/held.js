// What was typed where a session ends: it waits in this window's memory, for the same login, until its page is there again.
'use strict';
// One at a time. { login, hash } and of the report form { task, period, version, report }, of other pages { boxes: name -> fields }.
M.held = null;
M.prompted = null; // what was typed into a prompt and is on its way
M.promptsHeld = {};
// Never a secret, never a file.
M.heldFields = function (box) {
  return Array.prototype.filter.call(box.querySelectorAll('input, select, textarea'), function (field) { return field.type !== 'password' && field.type !== 'file'; });
};
// The fields of this box wait. Its name says what it is about: another thing's fields, or another page's, are never put into it.
M.keeps = function (name, box) {
  box.setAttribute('data-keeps', name);
  box.addEventListener('input', function () { box.wasTyped = true; });
  M.heldFill(name, box);
  return box;
};
M.holds = function (name) { return !!(M.held && M.me && M.held.login === M.me.login && M.held.boxes && M.held.boxes[name]); };
// The name of what is held that begins so: for a box that is only there once it is asked for.
M.holdsLike = function (stem) { return M.held && M.held.boxes ? Object.keys(M.held.boxes).filter(function (name) { return name.indexOf(stem) === 0 && M.holds(name); })[0] || '' : ''; };
M.heldFill = function (name, box) {
  if (!M.holds(name)) return;
  var values = M.held.boxes[name];
  delete M.held.boxes[name];
  M.heldFields(box).forEach(function (field, index) {
    if (index >= values.length) return;
    if (field.type === 'checkbox') field.checked = values[index].value === true;
    else field.value = values[index].value;
    field.dispatchEvent(new Event('change'));
  });
  box.wasTyped = M.touched = true;
  M.tell(M.t('此前填写的内容还在，请核对后提交。', 'What you had typed is here again; look at it, then send it.'));
};
M.heldBoxes = function () {
  var boxes = {};
  Array.prototype.forEach.call(document.querySelectorAll('#main [data-keeps]'), function (box) {
    if (!M.touched || !box.wasTyped) return;
    boxes[box.getAttribute('data-keeps')] = M.heldFields(box).map(function (field) {
      var label = field.id ? box.querySelector('label[for="' + field.id + '"]') : null;
      return { label: label ? label.textContent : '', value: field.type === 'checkbox' ? field.checked : field.value };
    });
  });
  if (M.prompted) boxes[M.prompted.name] = [{ label: '', value: M.prompted.text, prompt: true }];
  M.held = Object.keys(boxes).length ? { login: M.me.login, hash: location.hash, boxes: boxes } : null;
};
// The session is over, or the page is drawn anew in another language.
M.heldNow = function () { if (!M.heldReport()) M.heldBoxes(); };
// The page is there again, and still some of it has no place: what it was about is over, or is asked in a prompt. Shown, not lost.
M.heldRest = function (main) {
  if (!M.held || !M.held.boxes || M.held.hash !== location.hash) return;
  var texts = [];
  Object.keys(M.held.boxes).forEach(function (name) {
    M.held.boxes[name].forEach(function (field) {
      if (field.prompt) M.promptsHeld[name] = field.value;
      if (typeof field.value === 'string' && field.value.trim()) texts.push(M.h('p', field.label ? field.label + M.t('：', ': ') : '', M.h('span.words', field.value)));
    });
  });
  M.held = null;
  if (!texts.length) return;
  M.touched = true; // news wait until it was read
  main.insertBefore(M.h('div.notice.held', { role: 'status' }, M.h('p', M.t('此前填写、还没有提交的内容：', 'What you had typed and was not sent:')), texts), main.firstChild);
};
// One line asked for in a prompt. What was typed into it before the session ended stands there again.
M.ask = function (name, message) {
  var text = window.prompt(message, M.promptsHeld[name] || '');
  delete M.promptsHeld[name];
  M.prompted = text === null ? null : { name: name, text: text };
  return text;
};
