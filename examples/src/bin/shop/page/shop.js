/** The cards: what is pressed, and what came of it. */

import { approaches, payment } from "/approaches.js";
import { euros, refresh, watch } from "/ledger.js";
import { get, isLost, open, ways } from "/requests.js";
import { Till } from "/till.js";

const LABELS = {
  once: "Once",
  double: "Double click",
  retry: "Retry",
  crash: "Crash",
  tamper: "Tamper",
  storm: "100 at once",
};
const CLICKS = { double: 2, storm: 100 };
const TROUBLES = { retry: "lost", crash: "dies" };
const SIDES = ["without", "with"];
const plural = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

class Card {
  #approach;
  #element;
  #tills = {};

  constructor(approach, attribute) {
    this.#approach = approach;
    this.#element = document.querySelector("#card").content.cloneNode(true).firstElementChild;
    const { name, label = name, title, guarantee } = approach;
    this.#set(".name", label);
    this.#set(".title", title);
    this.#set(".guarantee", guarantee);
    this.#set(".attribute", attribute);
    this.#addButtons(label);
    for (const [at, side] of SIDES.entries()) {
      if (approach.sides) this.#set(`.${side} h3`, approach.sides[at]);
      if (name === "front") this.#addForm(side);
      this.#output(side).append(line("idle", "nothing sent yet"));
    }
    document.querySelector("#cards").append(this.#element);
  }

  #addButtons(label) {
    const group = this.#element.querySelector(".buttons");
    group.setAttribute("aria-label", `Send to ${label}`);
    for (const way of Object.keys(LABELS)) {
      if (way === "tamper" && !this.#approach.tamper) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = way === "tamper" ? this.#approach.tamper.label : LABELS[way];
      button.className = way;
      button.addEventListener("click", () => this.press(way));
      group.append(button);
    }
  }

  #addForm(side) {
    const form = document.querySelector("#form").content.cloneNode(true).firstElementChild;
    form.toggleAttribute("data-idem", side === "with");
    this.#output(side).before(form);
    this.#tills[side] = new Till(form, side, (run) => this.#show(side, run));
  }

  /** Both sides at once, each with an order of its own. */
  async press(way) {
    if (this.#element.ariaBusy === "true") return;
    this.#hold(true);
    for (const button of this.#element.querySelectorAll(".buttons button")) {
      button.classList.toggle("last", button.classList.contains(way));
    }
    const sides = SIDES.map((side) =>
      this.#send(side, way).catch((error) => this.#output(side).replaceChildren(line("told", error.message))),
    );
    await Promise.all(sides);
    const note = this.#element.querySelector(".note");
    note.textContent = this.#approach.notes[way] ?? "";
    note.hidden = !note.textContent;
    this.#hold(false);
  }

  async #send(side, way) {
    this.#output(side).replaceChildren(line("idle", "sending…"));
    const till = this.#tills[side];
    if (till) return till.click(CLICKS[way] ?? 1, TROUBLES[way] ?? "");
    const body = payment(await open());
    const tampered = this.#approach.tamper.change(body);
    const answers = await ways[way]({ path: `/${side}/${this.#approach.name}`, body, tampered });
    await this.#show(side, { order: body.order, answers });
  }

  /** What was done for an order, and what its callers were told. */
  async #show(side, { order, answers, clicks, requests }) {
    const { effects, cents } = await get(`/orders/${order}`);
    const sent = clicks && line("told", `${plural(clicks, "click")}, ${plural(requests, "request")}`);
    this.#output(side).replaceChildren(
      counted(effects),
      line("moved", `${euros(cents)} moved`),
      ...(sent ? [sent] : []),
      ...told(answers).map((text) => line("told", text)),
    );
    await refresh();
  }

  #hold(isBusy) {
    this.#element.ariaBusy = String(isBusy);
    for (const button of this.#element.querySelectorAll(".buttons button")) {
      button.setAttribute("aria-disabled", String(isBusy));
    }
  }

  #output(side) {
    return this.#element.querySelector(`.${side} output`);
  }

  #set(selector, text) {
    this.#element.querySelector(selector).textContent = text;
  }
}

function line(kind, text) {
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  return span;
}

function counted(effects) {
  const [number, what] = plural(effects, "charge").split(" ");
  const counted = line(`count ${effects > 1 ? "bad" : "good"}`, ` ${what}`);
  counted.prepend(Object.assign(document.createElement("b"), { textContent: number }));
  return counted;
}

/** What the callers were told, in the order in which they were; equal answers together. */
function told(answers) {
  const receipts = new Set(answers.filter(isPaid).map(({ body }) => body.number));
  const lines = new Map();
  for (const answer of answers) {
    const what = isPaid(answer) && receipts.size > 2 ? `${receipts.size} different receipts` : words(answer);
    lines.set(what, (lines.get(what) ?? 0) + 1);
  }
  return [...lines].map(([what, callers]) => (callers > 1 ? `${callers} callers: ${what}` : what));
}

const isPaid = ({ status, body }) => status === 201 && body?.number;

function words(answer) {
  const { status, body } = answer;
  if (isPaid(answer)) return `receipt ${body.number}`;
  if (status === 0) return "no answer";
  if (isLost(answer)) return status === 502 ? "502, handler died" : "504, answer lost";
  return `${status} ${body?.type?.split(":").pop() ?? ""}`;
}

const about = await get("/about");
document.querySelector("#stores").textContent =
  `Here setnx, count and token are kept in ${about.kv}, db and state in ${about.db}.`;
const cards = approaches.map((approach) => new Card(approach, about.attributes[approach.name]));
const all = document.querySelector("#all");
all.addEventListener("click", async () => {
  if (all.getAttribute("aria-disabled") === "true") return;
  all.setAttribute("aria-disabled", "true");
  await Promise.all(cards.map((card) => card.press("storm")));
  all.setAttribute("aria-disabled", "false");
});
watch();
