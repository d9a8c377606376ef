/** Requests, and what was answered: `{ status, replayed, body }`, status 0 without an answer. */

const NONE = { status: 0, replayed: false, body: null };
const asJson = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.status === 204 ? null : response.json();
}

/** Opens an order: `{ order, token }`. */
export async function open() {
  const response = await fetch("/orders", { method: "POST" });
  if (!response.ok) throw new Error(`an order could not be opened: ${response.status}`);
  return response.json();
}

/** Of a response, or of none. */
export async function answerOf(response) {
  if (!response) return NONE;
  const replayed = response.headers.get("Idempotent-Replayed") === "true";
  return { status: response.status, replayed, body: await response.json().catch(() => null) };
}

/** Whether nobody knows by it what was done: no answer, or a gateway's in its place. */
export const isLost = ({ status }) => [0, 502, 504].includes(status);

/** Each way to send a payment `to` an approach, with the answers in their order. */
export const ways = {
  once: async (to) => [await post(to)],
  double: async (to) => Promise.all([post(to), post(to)]),
  retry: async (to) => again(to, `?lost=${to.body.order}`),
  crash: async (to) => again(to, `?dies=${to.body.order}`),
  tamper: async (to) => [await post(to), await post({ ...to, body: to.tampered })],
  storm: async (to) => {
    const response = await fetch(`/storm${to.path}`, asJson(to.body));
    if (!response.ok) throw new Error(`the storm: ${response.status}`);
    return response.json();
  },
};

async function post({ path, body }, query = "") {
  return answerOf(await fetch(path + query, asJson(body)).catch(() => null));
}

async function again(to, query) {
  const first = await post(to, query);
  return isLost(first) ? [first, await post(to)] : [first];
}
