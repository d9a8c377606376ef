/** The ledger: what moved, whoever moved it. */

import { get } from "/requests.js";

const EVERY = 700;
const NAMES = { front: "idem.js" };
const list = document.querySelector("#ledger");
const template = document.querySelector("#entry");
let seen = null;
let asking = null;

export const euros = (cents) =>
  new Intl.NumberFormat("en", { style: "currency", currency: "EUR" }).format(cents / 100);

/** Asks for what is new; who asks meanwhile waits for the same answer. */
export function refresh() {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

async function ask() {
  const ledger = await get(`/ledger${seen === null ? "" : `?seen=${seen}`}`).catch(() => null);
  if (!ledger) return;
  const known = new Set([...list.children].map((item) => item.dataset.what));
  const entries = ledger.orders.map(entry);
  for (const item of entries) item.classList.toggle("new", seen !== null && !known.has(item.dataset.what));
  list.replaceChildren(...entries);
  seen = ledger.seen;
  document.querySelector("#empty").hidden = seen > 0;
  for (const side of ["without", "with"]) {
    const { cents, again } = ledger[side];
    document.querySelector(`#${side}-cents`).textContent = euros(cents);
    const twice = document.querySelector(`#${side}-again`);
    twice.textContent = again > 0 ? `${euros(again)} of it again` : "nothing twice";
    twice.classList.toggle("bad", again > 0);
  }
}

function entry({ number, approach, side, at, effects, cents }) {
  const item = template.content.cloneNode(true).firstElementChild;
  const set = (selector, text) => (item.querySelector(selector).textContent = text);
  item.dataset.what = `${number} ${effects}`;
  set(".amount", euros(cents));
  set("code", NAMES[approach] ?? approach);
  set(".which", side);
  set(".order", number);
  const when = new Date(at);
  item.querySelector("time").dateTime = when.toISOString();
  set("time", when.toLocaleTimeString("en-GB"));
  set(".times", effects > 1 ? `${effects} charges` : "once");
  item.querySelector(".times").classList.toggle("bad", effects > 1);
  return item;
}

/** While somebody looks. */
export function watch() {
  refresh();
  setInterval(() => document.hidden || refresh(), EVERY);
}
