//! `idem.js` in a real Chromium, in front of a real axum server, by mouse and keyboard: what people
//! and connections do to a form, and how often its money moves.

mod answers;
mod clicks;
mod connection;
mod encodings;
mod guarding;
mod keys;
mod leaving;
mod pages;
mod plain;
mod policy;
mod service;
mod spoken;
mod tabs;
