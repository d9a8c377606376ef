//! The points service as outsiders meet it, most of them behind a real Nginx: requests that come twice,
//! that are wrong, that are many, and instances and a Redis that die.

mod bodies;
mod crashes;
mod headers;
mod outages;
mod parallel;
mod replays;
mod retries;
mod service;
