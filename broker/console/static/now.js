// The page 现在. One stream brings the whole state as regions of HTML; those that differ are swapped.
// Every tap makes one key; a lost answer is asked for again with the same key, so it is one change.
"use strict";
(() => {
  const body = document.body, $ = (id) => document.getElementById(id);
  const STALE_MS = Number(body.dataset.staleMs), DOUBLE_MS = 800, SLOW_MS = 5000, DONE_MS = 10000, ANSWER_MS = 8000, WAITS_MS = [500, 1000, 2000, 4000, 8000];
  const flying = new Set(); // wishes that wait for their answer
  const questions = []; // those that wait until no dialog is open
  let source = null, heard = performance.now(), base = Number(body.dataset.at), since = performance.now();
  let gates = [], last = null, asking = null, tapped = { until: 0 }, sheeted = null;

  // Time: the centre's, carried on by the browser's monotonic clock.
  const now = () => base + performance.now() - since;
  const clock = new Intl.DateTimeFormat("zh-CN", {
    timeZone: body.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  const left = (ms) => {
    const s = Math.max(0, Math.ceil(ms / 1000)), h = Math.floor(s / 3600), two = (n) => String(n).padStart(2, "0");
    return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
  };
  function tick() {
    $("clock").textContent = clock.format(now());
    const stale = performance.now() - heard > STALE_MS;
    for (const one of document.querySelectorAll("[data-left]"))
      one.textContent = stale ? "--:--" : left(Number(one.dataset.left) - now()); // what is not known is not counted
    if (last?.until < performance.now()) report(null);
    if (stale !== body.classList.contains("stale")) {
      body.classList.toggle("stale", stale);
      $("stale").hidden = !stale;
      $("stale-at").textContent = clock.format(base);
      lock();
    }
  }
  function lock() {
    const stale = body.classList.contains("stale"), wait = tapped.until - performance.now();
    const under = wait > 0 ? document.elementFromPoint(tapped.x, tapped.y)?.closest("button") : null;
    for (const button of document.querySelectorAll("[data-wish],[data-time],[data-form],#ask button,#sheet button"))
      button.disabled = button === under || !button.closest("dialog") && (stale || flying.has(button.dataset.wish ?? "time"));
    if (wait > 0) setTimeout(lock, wait);
  }

  // What comes.
  function listen() {
    if (source) source.close();
    source = new EventSource("/page/events");
    source.addEventListener("page", (event) => show(JSON.parse(event.data)));
    source.addEventListener("error", () => { // the browser tries again by itself, unless it was refused
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    });
  }
  function show(state) {
    const places = document.querySelectorAll("[data-region]");
    if (places.length !== Object.keys(state.regions).length || [...places].some((one) => !(one.dataset.region in state.regions)))
      return location.reload(); // another plan: other gates or classes
    heard = since = performance.now();
    base = state.at;
    gates = state.gates;
    for (const place of places) {
      const html = state.regions[place.dataset.region];
      if (place.shown !== html) { place.innerHTML = html; place.shown = html; }
    }
    move(state.homes);
    lock();
    stages();
    tick();
  }
  function move(homes) { // a class that was rerouted goes under the heading of its new gate, in the plan's order
    const order = Object.fromEntries(homes.map(([id], n) => [`class-${id}`, n]));
    for (const [id, gate] of homes) {
      const tile = document.querySelector(`[data-region="class-${id}"]`), home = document.querySelector(`[data-home="${gate}"]`);
      if (tile.parentElement === home) continue;
      const left = tile.parentElement, n = order[`class-${id}`];
      home.insertBefore(tile, [...home.children].find((one) => order[one.dataset.region] > n) ?? null);
      for (const one of [left, home]) one.parentElement.hidden = !one.childElementCount;
    }
  }

  // What goes.
  const newKey = () => crypto.randomUUID ? crypto.randomUUID()
    : [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  async function post(path, sent) { // the answer, or null when none came
    for (const wait of [0, ...WAITS_MS]) {
      if (wait) await pause(wait);
      try {
        const answer = await fetch(path, {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent),
          signal: AbortSignal.timeout ? AbortSignal.timeout(ANSWER_MS) : undefined,
        });
        if (answer.status !== 503) return { ok: answer.ok, said: await answer.json() };
      } catch { /* no answer: the same key again */ }
    }
    return null;
  }
  function name() {
    const by = $("by").value.trim();
    if (!by) { report({ bad: "请先在上面写上您的姓名，再点。" }); $("by").focus(); }
    return by;
  }
  async function act({ wish, name: label, to = "/v1/changes", yes = "仍要叫", no = "不叫", form }, extra = {}) {
    const by = name();
    if (!by || flying.has(wish)) return;
    await send({ key: newKey(), by, ...JSON.parse(wish), ...extra }, { wish, name: label, to, yes, no, form });
  }
  async function send(sent, wanted) {
    const { wish, name: label, to } = wanted;
    flying.add(wish);
    lock();
    const own = report({ label, sent: true });
    const got = await post(to, sent);
    flying.delete(wish);
    lock();
    if (got === null) return report({ ...own, lost: () => send(sent, wanted) });
    if (got.ok) wanted.form?.reset(); // what was done is not done again by a second tap
    if (got.ok) return report({ ...own, answer: got.said, slow: performance.now() + SLOW_MS });
    if (got.said.ask_again) { report(null); return again(got.said.text, wanted); }
    report({ ...own, sent: false, bad: got.said.text });
  }
  function again(text, wanted) { // one question after the other: none comes under a finger that answers another
    questions.push({ text, wanted });
    question();
  }
  function question() {
    if (!questions.length || document.querySelector("dialog[open]")) return;
    const { text, wanted } = questions.shift();
    asking = () => act(wanted, { confirmed: true });
    $("ask").querySelector("p").textContent = text;
    for (const button of $("ask").querySelectorAll("button")) button.textContent = wanted[button.value];
    $("ask").showModal();
    lock();
  }
  function sheet(button) { // a class that reports: ready, or out; or called now
    const first = button.querySelector("[data-first]");
    sheeted = { first: { wish: first.dataset.first, name: first.dataset.name }, call: { ...button.dataset } };
    $("sheet").querySelector("p").textContent = button.querySelector("b").textContent;
    $("sheet").querySelector("[value=first]").textContent = first.textContent;
    $("sheet").showModal();
    lock();
  }
  // What is filled in, field by field, as a wish.
  const text = (field) => field.selectedOptions[0].textContent;
  const today = (hhmm) => { // the instant of a time of today, by the school's clock
    const seconds = (of) => of.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
    return new Date(1000 * (Math.floor(now() / 1000) + seconds(`${hhmm}:00`) - seconds(clock.format(now())))).toISOString();
  };
  const FORMS = {
    reroute(of, gate) {
      if (!of.value || !gate.value) return report({ bad: "请先选班级，再选改到哪个校门。" });
      const wish = { kind: "reroute", [of.selectedOptions[0].dataset.of ?? "class"]: of.value, gate: gate.value };
      act({ wish: JSON.stringify(wish), name: `${text(of)}换到${text(gate)}`, yes: "仍要换", no: "不换", form: of.form });
    },
    move(first, then) {
      if (!first.value || !then.value) return report({ bad: "请选两个班：先叫谁，后叫谁。" });
      const wish = { kind: "move", classes: [first.value, then.value] };
      act({ wish: JSON.stringify(wish), name: `${text(first)}换到${text(then)}前面`, form: first.form });
    },
    notice(say, at, gate) {
      if (!say.value.trim()) { report({ bad: "请写上通知的话。" }); return say.focus(); }
      const wish = { kind: "notice", text: say.value.trim(), ...at.value && { from: today(at.value) }, ...gate.value && { gate: gate.value } };
      act({ wish: JSON.stringify(wish), name: `${at.value} ${text(gate)}插播通知`.trim(), form: say.form });
    },
  };
  async function confirmTime() {
    const by = name();
    if (!by || flying.has("time")) return;
    flying.add("time");
    lock();
    const got = await post("/v1/time/confirm", { by, shown: new Date(Math.round(now())).toISOString() });
    flying.delete("time");
    lock();
    if (got === null) report({ bad: "中心没有回答，时间没有确认。请再点一次。" });
    else if (!got.ok) report({ bad: got.said.text });
    else if (!got.said.vouched) report({ bad: "已记下，但中心的设置只认自动对时（[clock] source）。请找管理员。" });
    else report({ good: "时间已确认，六天内有效。" });
  }

  // What became of it: 已发送 → 已保存 → n/n 校门已确认.
  function report(one) { last = one; stages(); return one; }
  function line(state, text) {
    const li = document.createElement("li");
    li.className = state;
    li.textContent = `${{ ok: "✓", wait: "…", bad: "✕", warn: "▲" }[state]} ${text}`;
    return li;
  }
  function confirmed(answer) {
    if ("seq" in answer) {
      const missing = gates.filter((one) => one.alert_seq < answer.seq);
      return { missing, text: `${gates.length - missing.length}/${gates.length} 校门已确认` };
    }
    const mine = gates.filter((one) => one.id in answer.revisions);
    const missing = mine.filter((one) => !one.confirmed || one.revision < answer.revisions[one.id]);
    return { missing, text: `${mine.length - missing.length}/${mine.length} 校门已确认` };
  }
  function saved(answer) {
    if ("seq" in answer) return answer.replaces ? `已保存并发出，换掉了原来的“${WORDS[answer.replaces]}”` : "已保存并发出";
    const all = new Set(Object.values(answer.revisions));
    if (!all.size) return "已保存，校门按自己的放学表走";
    if (all.size === 1) return `已保存 第 ${[...all][0]} 版`;
    return "已保存 " + gates.map((one) => `${one.name}第 ${answer.revisions[one.id]} 版`).join("、");
  }
  function stages() {
    const box = $("done");
    box.hidden = !last;
    if (!last) return;
    const list = document.createElement("ul"), head = document.createElement("p"), close = document.createElement("button");
    head.textContent = last.label ?? "";
    close.type = "button"; close.className = "close"; close.textContent = "✕"; close.ariaLabel = "关闭";
    close.addEventListener("click", () => report(null));
    if (last.good) list.append(line("ok", last.good));
    if (last.bad) list.append(line("bad", last.bad));
    if (last.sent) list.append(line("ok", "已发送"));
    if (last.answer) {
      list.append(line("ok", saved(last.answer)));
      const { missing, text } = confirmed(last.answer);
      if ("seq" in last.answer || Object.keys(last.answer.revisions).length) list.append(line(missing.length ? "wait" : "ok", text));
      for (const one of missing)
        list.append(performance.now() < last.slow ? line("wait", `等${one.name}确认`)
          : line("warn", `${one.name}未确认，${one.age === null ? "从未有消息" : `${Math.round(one.age)} 秒没有消息`}`));
      if (!missing.length) last.until ??= performance.now() + DONE_MS;
    } else if (last.lost) list.append(line("bad", "没有回音，不知道是否已保存。"));
    else if (last.sent) list.append(line("wait", "等待保存"));
    const text = [head.textContent, ...[...list.children].map((li) => li.textContent)].join("\n");
    if (box.shown === text) return; // a screen reader hears what is new, not the same each second
    box.shown = text;
    box.replaceChildren(head, close, list);
    if (last.lost) {
      const retry = document.createElement("button");
      retry.type = "button"; retry.className = "big"; retry.textContent = "再试一次（不会重复）";
      retry.addEventListener("click", last.lost);
      box.append(retry);
    }
  }

  // An alert: a kind is chosen, then the button is kept down. No stray tap does that, and it takes three seconds.
  const HOLD_MS = 1200, DRILL_MS = Number(body.dataset.drillMs), WORDS = { return: "返回校内", evacuate: "疏散", shelter: "就地隐蔽" };
  let kind = null, firing = null, shot = false;
  function alarm(chosen) {
    kind = chosen;
    const drill = $("drill").checked, fire = $("fire");
    for (const one of $("alarm").querySelectorAll("[aria-pressed]")) one.ariaPressed = String(one.value === kind);
    fire.disabled = !kind;
    fire.classList.toggle("drill", drill);
    fire.firstChild.textContent = kind ? `按住：发出${drill ? "演练" : "真警报"}“${WORDS[kind]}”` : "先选一种，再按住这里";
  }
  function keepDown() {
    if (!kind || firing || shot) return;
    $("fire").classList.add("filling");
    firing = setTimeout(fired, HOLD_MS);
  }
  function letGo() {
    clearTimeout(firing);
    firing = null;
    $("fire").classList.remove("filling");
    if (!shot) return;
    shot = false; // closed only after the click that follows: it must not hit what lies under the dialog
    setTimeout(() => $("alarm").close(), 400);
  }
  function fired() {
    const drill = $("drill").checked, action = kind;
    shot = true;
    kind = null;
    $("fire").firstChild.textContent = "✓ 已按够，可以松开";
    const by = drill ? name() : $("by").value.trim() || "页面（未写姓名）"; // nobody loses time to a name in earnest
    if (!by) { letGo(); return; }
    const until = drill ? { until: new Date(Math.round(now()) + DRILL_MS).toISOString() } : {};
    const label = `${drill ? "演练" : "警报"}：${WORDS[action]}`;
    send({ key: newKey(), by, action, drill, ...until }, { wish: `alarm ${action} ${drill}`, name: label, to: "/v1/alerts" });
  }
  $("fire").addEventListener("pointerdown", keepDown);
  for (const end of ["pointerup", "pointercancel", "pointerleave", "keyup", "blur"]) $("fire").addEventListener(end, letGo);
  $("fire").addEventListener("keydown", (event) => { if (!event.repeat && ["Enter", " "].includes(event.key)) keepDown(); });
  $("fire").addEventListener("contextmenu", (event) => event.preventDefault());
  $("drill").addEventListener("change", () => alarm(kind));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.disabled) return;
    // The second half of a double tap must not meet the button that the first one brought there.
    tapped = { x: event.clientX, y: event.clientY, until: performance.now() + DOUBLE_MS };
    if ("time" in button.dataset) confirmTime();
    else if (button.dataset.form) FORMS[button.dataset.form](...button.form.querySelectorAll("input,select"));
    else if ("alarm" in button.dataset) { $("drill").checked = false; alarm(null); $("alarm").showModal(); }
    else if (button.value && button.closest("#alarm")) button.value === "no" ? $("alarm").close() : alarm(button.value);
    else if (button.dataset.wish && button.querySelector("[data-first]")) sheet(button);
    else if (button.dataset.wish) act({ ...button.dataset });
    else if (button.closest("#sheet")) { $("sheet").close(); if (button.value !== "no" && sheeted) act(sheeted[button.value]); sheeted = null; }
    else if (button.closest("#ask")) { $("ask").close(); if (button.value === "yes" && asking) asking(); asking = null; }
  });
  for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("close", question);
  document.addEventListener("submit", (event) => event.preventDefault()); // Enter in a field is no tap
  try { $("by").value = localStorage.getItem("by") ?? ""; } catch { /* storage is off: typed anew each time */ }
  $("by").addEventListener("input", () => { try { localStorage.setItem("by", $("by").value.trim()); } catch { /* the same */ } });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); listen(); } });
  setInterval(tick, 250);
  tick();
  listen();
})();
