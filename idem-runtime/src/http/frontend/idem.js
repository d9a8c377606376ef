/**
 * Sends forms so that each is done once, however often it is sent.
 *
 *     <script type="module" src="/idem.js"></script>
 *     <form method="post" action="/pay" data-idem> … </form>
 *
 * A form's key goes with its content: the same content is sent under the same key until its answer
 * is known, through retries, a reload and a lost connection. After that, or with other content, it
 * is another request. Attributes, events and answers are explained in the guide, `forms.md`.
 */

/** What people are told; an attribute `data-idem-sending` … on the form says it in other words. */
const TEXTS = {
  sending: "Sending…",
  retrying: "No answer yet. Trying again…",
  answered: "Done.",
  failed: "That did not work.",
  unknown: "It is not known whether this was done. Send it again: it is done only once.",
};
/** Seconds, unless `data-idem-timeout` and `data-idem-patience` say otherwise. */
const TIMEOUT = 30;
const PATIENCE = 120;
/** Milliseconds for which a form stays locked at least: the second click of a double click. */
const CALM = 500;

const guarded = new WeakMap();

/**
 * Guards a form, with or without `data-idem`. Options, each before its attribute: `header` (the
 * key's), `timeout` of one try and `patience` with all of them, in seconds.
 *
 * `release()` of what it returns makes it a plain form again.
 */
export function guard(form, options = {}) {
  if (!guarded.has(form)) guarded.set(form, new Guard(form, options));
  return guarded.get(form);
}

class Guard {
  #form;
  #options;
  #status;
  #ownStatus;
  #locked = null;
  #trip = null;

  constructor(form, options) {
    this.#form = form;
    this.#options = options;
    this.#status = form.querySelector("[data-idem-status]");
    if (!this.#status) {
      this.#status = this.#ownStatus = document.createElement("p");
      form.insertAdjacentElement("beforeend", this.#status); // a field may be named `append`
    }
    // A live region has to be there before its text, or nobody reads it out.
    this.#status.setAttribute("role", "status");
    this.#status.setAttribute("aria-live", "polite");
    form.addEventListener("submit", this.#begin, { capture: true });
    this.#open();
  }

  release() {
    this.#trip?.abort();
    this.#unlock();
    this.#form.removeEventListener("submit", this.#begin, { capture: true });
    this.#form.removeEventListener("submit", this.#submitted);
    this.#form.removeAttribute("data-idem");
    this.#ownStatus?.remove();
    guarded.delete(this.#form);
  }

  /** The form is there, for the first time or again. */
  #open() {
    this.#unlock();
    const url = target(this.#form, null);
    const isOpen = url !== null && new Requests(this.#form, url).open();
    this.#say(isOpen ? "unknown" : null);
  }

  /** Comes before all listeners of the form, and puts its own behind them. */
  #begin = () => {
    this.#form.removeEventListener("submit", this.#submitted);
    this.#form.addEventListener("submit", this.#submitted);
  };

  #submitted = async (event) => {
    const [form, submitter] = [this.#form, event.submitter];
    const url = target(form, submitter);
    if (event.defaultPrevented || url === null || asked(form, submitter, "method") !== "post") return;
    event.preventDefault();
    if (this.#locked) return;
    const data = new FormData(form, submitter);
    const content = compared(form, submitter, data);
    // Only now: a disabled control is not in its form's data, and a listener may look.
    this.#lock();
    const trip = (this.#trip = new AbortController());
    // Listeners further up come now, and may refuse it: the event itself no longer tells.
    let isRefused = false;
    event.preventDefault = () => (isRefused = true);
    await pause(0, trip.signal);
    if (trip.signal.aborted) return;
    if (isRefused) return this.#unlock();
    const request = new Requests(form, url).request(content, data);
    this.#send(request, payload(form, submitter, data), trip);
  };

  async #send(request, payload, trip) {
    const begun = Date.now();
    this.#say("sending");
    this.#tell("sending", { key: request.key });
    const outcome = await this.#answer(request, payload, trip.signal, begun);
    if (trip.signal.aborted) return; // the page is hidden, or the form released: the key is kept
    const { answer, problem } = outcome;
    const replayed = answer?.headers.get("Idempotent-Replayed") === "true";
    const detail = { key: request.key, status: answer?.status ?? 0, replayed, response: answer };
    let next = null;
    if (answer?.ok) {
      request.settle();
      this.#say("answered");
      const stays = !this.#tell("answered", detail);
      next = stays ? null : resultOf(answer);
    } else {
      // A refusal is an answer, unless an earlier try is open and this is not its answer: a login
      // that has expired says nothing of what was done before.
      const refused = answer?.status < 500 && answer.status !== 409 && !answer.redirected;
      const isOver = refused && (!request.isRepeated || replayed);
      if (isOver) request.settle();
      const told = problem ?? { type: "about:blank", title: TEXTS.failed, status: detail.status };
      this.#say(isOver || problem ? "failed" : "unknown", problem);
      this.#tell("failed", { ...detail, problem: told, unknown: !isOver });
    }
    if (next) location.assign(next);
    // Locked till the page is gone, but not for ever: the result may be a download.
    await pause(next ? 10_000 : Math.max(0, begun + CALM - Date.now()), trip.signal);
    if (!trip.signal.aborted) this.#unlock();
  }

  /** The final answer: `null` when none came in time. */
  async #answer(request, payload, signal, begun) {
    const deadline = begun + 1000 * this.#option("patience", PATIENCE);
    let sealed;
    try {
      sealed = await seal(payload);
    } catch {
      return { answer: null, problem: { title: "A file can't be read", status: 0 } };
    }
    const header = this.#option("header", "Idempotency-Key");
    sealed.headers[header] = `"${request.key}"`;
    for (let number = 1; ; number++) {
      const timeout = AbortSignal.timeout(1000 * this.#option("timeout", TIMEOUT));
      const answer = await fetch(request.url, {
        ...sealed,
        signal: AbortSignal.any([signal, timeout]),
      }).catch(() => null);
      if (signal.aborted) return {};
      const problem = await problemOf(answer);
      const wait = delay(answer, problem, number);
      if (wait === null) return { answer, problem };
      const left = deadline - Date.now();
      if (wait > left) return { answer, problem };
      request.isRepeated = true;
      const status = answer?.status ?? 0;
      this.#say("retrying");
      this.#tell("retrying", { key: request.key, status, number, wait: wait / 1000 });
      const isOffline = !answer && !navigator.onLine;
      await pause(isOffline ? left : wait, signal, !answer);
      if (signal.aborted) return {};
    }
  }

  #lock() {
    const buttons = controls(this.#form).filter(({ type }) => ["submit", "image"].includes(type));
    // Not `disabled`, which takes the focus away and with it the place of who reads by ear.
    this.#locked = buttons.filter((button) => !button.hasAttribute("aria-disabled"));
    for (const button of this.#locked) button.setAttribute("aria-disabled", "true");
    this.#form.setAttribute("aria-busy", "true");
    addEventListener("pagehide", this.#hidden);
  }

  #unlock() {
    for (const button of this.#locked ?? []) button.removeAttribute("aria-disabled");
    this.#locked = null;
    this.#form.removeAttribute("aria-busy");
    removeEventListener("pagehide", this.#hidden);
  }

  /** The page may come back as it is (bfcache), long after what it was waiting for. */
  #hidden = () => {
    this.#trip?.abort();
    addEventListener("pageshow", () => this.#open(), { once: true });
  };

  #option(name, otherwise) {
    const given = this.#options[name] ?? this.#form.getAttribute(`data-idem-${name}`);
    if (typeof otherwise === "string") return given ?? otherwise;
    const seconds = Number.parseFloat(given);
    return seconds >= 0 ? Math.min(seconds, 1e6) : otherwise; // timers of a month overflow
  }

  #say(what, problem) {
    const own = what && this.#form.getAttribute(`data-idem-${what}`);
    const told = problem && [problem.title, problem.detail].filter(Boolean).join(". ");
    this.#status.textContent = what ? (own ?? (told || TEXTS[what])) : "";
  }

  /** Whether nobody has prevented what comes next. */
  #tell(what, detail) {
    const how = { detail, bubbles: true, composed: true, cancelable: what === "answered" };
    return this.#form.dispatchEvent(new CustomEvent(`idem:${what}`, how));
  }
}

/** The requests of one form that are open: sent, and their answer not known. Kept over a reload. */
class Requests {
  #name;
  #url;
  #ignored;
  #token;

  constructor(form, url) {
    this.#url = url;
    this.#name = `idem:${url} ${form.getAttribute("id") ?? ""}`;
    const marked = (mark) => controls(form).filter((field) => field.hasAttribute(mark));
    this.#token = marked("data-idem-token")[0]?.name;
    const ignored = marked("data-idem-ignore").map((field) => field.name);
    this.#ignored = new Set([...ignored, this.#token]);
  }

  /** Makes the next key, if there is none; says whether a request is open. */
  open() {
    const kept = this.#load();
    this.#save(kept);
    return Object.keys(kept.sent).length > 0;
  }

  /** The request with this content, from now on open: the same again, if it was. */
  request(entries, data) {
    const kept = this.#load();
    const content = digest(entries.filter(([name]) => !this.#ignored.has(name)));
    const isRepeated = Object.hasOwn(kept.sent, content);
    if (!isRepeated) {
      kept.sent[content] = { key: kept.next, token: data.get(this.#token) };
      kept.next = newKey();
      this.#save(kept);
    }
    const { key, token } = kept.sent[content];
    // The page has a new token after a reload; the request is the old one's.
    if (this.#token && token) data.set(this.#token, token);
    return { url: this.#url, key, isRepeated, settle: () => this.#settle(content) };
  }

  #settle(content) {
    const kept = this.#load();
    delete kept.sent[content];
    this.#save(kept);
  }

  #load() {
    const fresh = { next: newKey(), sent: {} };
    try {
      return JSON.parse(sessionStorage.getItem(this.#name)) ?? unkept.get(this.#name) ?? fresh;
    } catch {
      return unkept.get(this.#name) ?? fresh;
    }
  }

  #save(kept) {
    try {
      sessionStorage.setItem(this.#name, JSON.stringify(kept));
    } catch {
      unkept.set(this.#name, kept); // storage is full, or forbidden
    }
  }
}

/** For as long as the page lives, where there is no storage. */
const unkept = new Map();

/** Outside of a secure context there is no `randomUUID`. */
function newKey() {
  const bytes = () => [...crypto.getRandomValues(new Uint8Array(16))];
  const hex = (byte) => byte.toString(16).padStart(2, "0");
  return crypto.randomUUID?.() ?? bytes().map(hex).join("");
}

/** FNV-1a, 64 bits: tells whether the content has changed, and does not keep it. */
function digest(entries) {
  const content = entries.map(([name, value]) => {
    if (typeof value === "string") return [name, value];
    // No file was chosen: its time would be now.
    return [name, value.name && [value.name, value.size, value.lastModified]];
  });
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(JSON.stringify(content))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(36);
}

/** An attribute of the form, or its button's in its place. By attribute: a field may be named so. */
function asked(form, submitter, name) {
  const value = submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  return (value ?? "").toLowerCase();
}

/** Where it goes; `null` is where no HTTP leads. */
function target(form, submitter) {
  const action = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  const [address, base] = [action || location.href, document.baseURI];
  if (!URL.canParse(address, base)) return null;
  const url = new URL(address, base);
  url.hash = "";
  return /^https?:$/.test(url.protocol) ? url.href : null;
}

/** What belongs to a form, in it or not: with its images, and where a field is named `elements`. */
function controls(form) {
  const { get } = Object.getOwnPropertyDescriptor(HTMLFormElement.prototype, "elements");
  const images = form.getRootNode().querySelectorAll("input[type=image]");
  return [...get.call(form), ...[...images].filter((image) => image.form === form)];
}

/** What tells whether it is the same again. An image's data is where it was clicked. */
function compared(form, submitter, data) {
  if (submitter?.type !== "image") return [...data];
  return [...new FormData(form), [submitter.name, "image"]];
}

/** The data in the encoding that the form asks for. */
function payload(form, submitter, data) {
  if (form.hasAttribute("data-idem-json")) {
    return new Blob([JSON.stringify(json(form, data))], { type: "application/json" });
  }
  const type = asked(form, submitter, "enctype");
  if (type === "multipart/form-data") return data;
  const text = (value) => (typeof value === "string" ? value : value.name);
  const lines = (value) => text(value).replace(/\r\n?|\n/g, "\r\n");
  const entries = [...data].map((entry) => entry.map(lines));
  if (type !== "text/plain") return new URLSearchParams(entries);
  return new Blob(entries.map(([name, value]) => `${name}=${value}\r\n`), { type });
}

/** An object: numbers from `number` and `range`, else text; an array where a name comes twice. */
function json(form, data) {
  const fields = controls(form).filter(({ type }) => type === "number" || type === "range");
  const numbers = new Set(fields.map(({ name }) => name));
  const object = Object.create(null);
  for (const name of new Set(data.keys())) {
    const value = (text) => (numbers.has(name) && text !== "" ? Number(text) : text);
    const values = data.getAll(name).map((entry) => value(entry.name ?? entry));
    object[name] = values.length === 1 ? values[0] : values;
  }
  return object;
}

/** The bytes that are sent, each time the same: encoded anew they would have another boundary. */
async function seal(payload) {
  const packed = new Response(payload);
  const headers = { "Content-Type": packed.headers.get("Content-Type") };
  return { method: "POST", headers, body: await packed.blob() };
}

async function problemOf(answer) {
  const type = answer?.headers.get("Content-Type") ?? "";
  if (!type.startsWith("application/problem+json")) return null;
  return answer.clone().json().catch(() => null);
}

/** Milliseconds until the same is sent again; `null` after an answer that will not change. */
function delay(answer, problem, number) {
  const backOff = Math.min(8000, 500 * 2 ** (number - 1)) * (0.75 + Math.random() / 2);
  if (!answer) return backOff;
  if (answer.status < 400) return null;
  const after = answer.headers.get("Retry-After");
  if (after !== null) {
    const time = /^\d+$/.test(after) ? 1000 * after : Date.parse(after) - Date.now();
    return Math.max(backOff, time || 0);
  }
  // Without a problem document 502 and 504 come from a proxy, which has lost the answer.
  const isLost = answer.status === 503 || (!problem && [502, 504].includes(answer.status));
  return isLost ? backOff : null;
}

/** Where the result is to be seen: where a redirect led, or a `Location`. */
function resultOf(answer) {
  if (answer.redirected) return answer.url;
  const location = answer.headers.get("Location");
  const url = location && new URL(location, answer.url);
  return url && /^https?:$/.test(url.protocol) ? url.href : null;
}

/** Ends before its time when `signal` does, and if asked when the connection is back. */
function pause(time, signal, isWokenOnline = false) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const end = () => {
      clearTimeout(timer);
      done.abort();
      resolve();
    };
    const timer = setTimeout(end, time);
    signal.addEventListener("abort", end, done);
    if (isWokenOnline) addEventListener("online", end, done);
  });
}

/** Whether this happened to such a control of a guarded form. */
function isOf(event, types) {
  const control = event.composedPath()[0]?.closest?.("button, input");
  return guarded.has(control?.form) && (!types || types.includes(control.type));
}

// The answer may be there before the second click of a double click, or while Enter is held down.
addEventListener("click", (event) => {
  if (event.detail > 1 && isOf(event, ["submit", "image"])) event.preventDefault();
}, true);
addEventListener("keydown", (event) => {
  if (event.repeat && event.key === "Enter" && isOf(event)) event.preventDefault();
}, true);

const guardAll = () => document.querySelectorAll("form[data-idem]").forEach((form) => guard(form));
const watched = { subtree: true, childList: true, attributeFilter: ["data-idem"] };
// A browser that is older than what this file uses keeps its plain forms.
if (AbortSignal.any) {
  new MutationObserver(guardAll).observe(document, watched);
  guardAll();
}
