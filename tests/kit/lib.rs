//! Private servers and helpers for the integration tests.
