/** The two forms of `idem.js`: one is sent by it, the other as a page without it would. */

import { answerOf, isLost, open } from "/requests.js";

/** Milliseconds without a click or a request after which a payment is over. */
const CALM = 700;

/** A form, and what came of its clicks: `done(order, clicks, answers)` is told. */
export class Till {
  #form;
  #action;
  #done;
  #run = null;
  #finished = [];

  constructor(form, side, done) {
    this.#form = form;
    this.#action = `/${side}/front`;
    this.#done = done;
    form.addEventListener("click", (event) => event.target.matches("button") && this.#clicked());
    if (side === "with") this.#listen();
    else form.addEventListener("submit", this.#submitted);
    this.#prepare("");
  }

  /** Clicks the button so often, for a new order to which this happens. */
  async click(times, trouble) {
    await this.#prepare(trouble);
    const finished = new Promise((resolve) => this.#finished.push(resolve));
    for (let click = 0; click < times; click++) this.#form.querySelector("button").click();
    return finished;
  }

  async #prepare(trouble) {
    const { order } = await open();
    this.#form.elements.order.value = order;
    this.#form.action = this.#action + (trouble && `?${trouble}=${order}`);
  }

  #clicked() {
    const order = this.#form.elements.order.value;
    this.#run ??= { order, clicks: 0, requests: 0, open: 0, answers: [], calm: null };
    this.#run.clicks++;
    this.#look();
  }

  /** What `idem.js` tells of its requests. */
  #listen() {
    const on = (what, react) => this.#form.addEventListener(`idem:${what}`, react);
    on("sending", () => this.#sent());
    on("retrying", ({ detail }) => {
      this.#run?.answers.push({ status: detail.status, replayed: false, body: null });
      if (this.#run) this.#run.requests++;
    });
    on("answered", (event) => {
      event.preventDefault(); // the page stays
      answerOf(event.detail.response).then((answer) => this.#answered(answer));
    });
    on("failed", ({ detail }) => {
      this.#answered({ status: detail.status, replayed: false, body: detail.problem });
    });
  }

  /** A plain form, of whose answers one is lost: whoever clicked does so again. */
  #submitted = async (event) => {
    event.preventDefault();
    const { action: url } = this.#form;
    const body = new URLSearchParams(new FormData(this.#form));
    for (;;) {
      this.#sent();
      const answer = await answerOf(await fetch(url, { method: "POST", body }).catch(() => null));
      this.#answered(answer);
      if (!isLost(answer)) return;
    }
  };

  #sent() {
    if (!this.#run) return;
    this.#run.requests++;
    this.#run.open++;
    this.#look();
  }

  #answered(answer) {
    if (!this.#run) return;
    this.#run.answers.push(answer);
    this.#run.open--;
    this.#look();
  }

  #look() {
    clearTimeout(this.#run.calm);
    if (this.#run.open === 0) this.#run.calm = setTimeout(() => this.#finish(), CALM);
  }

  async #finish() {
    const run = this.#run;
    this.#run = null;
    await this.#prepare("");
    await this.#done(run);
    this.#finished.splice(0).forEach((resolve) => resolve());
  }
}
