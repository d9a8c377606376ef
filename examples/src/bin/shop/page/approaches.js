/** What the page says of each approach, and how its request is tampered with. */

const CENTS = 4900;
const otherAmount = (body) => ({ ...body, cents: 2 * body.cents });
const mismatch = "The same key with another amount is a mismatch, and never gets the old receipt.";
const takenOver =
  "When the dead handler’s lease has lapsed, the next call takes over and charges again. Give the " +
  "provider attempt().downstream_key(…), the same for each attempt, and it charges once.";

export const approaches = [
  {
    name: "setnx",
    title: "a claim in Redis or memory",
    guarantee: "One live lease at a time, one stored result.",
    tamper: { label: "Other amount", change: otherAmount },
    notes: { tamper: mismatch, crash: takenOver },
  },
  {
    name: "count",
    title: "a counted attempt",
    guarantee: "One attempt at a time, and never more than the limit, crashes included.",
    tamper: { label: "Other amount", change: otherAmount },
    notes: {
      tamper: mismatch,
      crash: "The attempt is spent, and nobody charges twice: the retry is told so, and a person looks.",
    },
  },
  {
    name: "db",
    title: "in your own transaction",
    guarantee: "Claim, effect and result commit together: exactly once in that database.",
    tamper: { label: "Other amount", change: otherAmount },
    notes: {
      tamper: mismatch,
      crash: "Claim and effect were rolled back together, so the retry is the first.",
    },
  },
  {
    name: "token",
    title: "a right that the server issued",
    guarantee: "One use of each token. Nobody can make one up, or use another’s.",
    tamper: { label: "Forged token", change: (body) => ({ ...body, token: forged(body.token) }) },
    notes: {
      tamper: "A token with another signature is refused before any store is asked.",
      crash: takenOver,
    },
  },
  {
    name: "state",
    title: "a transition of a row",
    guarantee: "Pending → Paid happens once; every other transition is refused.",
    tamper: { label: "Other callback", change: (body) => ({ ...body, id: `${body.id}-2` }) },
    notes: {
      tamper: "The order is paid: another callback has no transition to make.",
      crash: "The transition was rolled back with its effect, so the retry makes it.",
    },
  },
  {
    name: "front",
    label: "idem.js",
    title: "a form in the browser",
    sides: ["A plain form", "With idem.js"],
    guarantee: "A form is sent once, and again under its key when the answer is lost.",
    notes: {
      retry: "idem.js has sent the same bytes under the same key, and got the stored receipt.",
      crash: `idem.js has sent it again by itself; behind it is setnx. ${takenOver}`,
      storm: "Only the first click is sent: the form is held until its answer is known.",
    },
  },
];

/** The same claims under another signature. */
function forged(token) {
  const at = token.lastIndexOf(".") + 1;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

/** What is sent for an order. */
export const payment = ({ order, token }) => ({ order, cents: CENTS, token, id: `callback-${order}` });
