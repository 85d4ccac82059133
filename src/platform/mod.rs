//! Means that know nothing of logins: configuration, storage, cryptography,
//! XML, the way out to the network, languages, telemetry, allowances, and the
//! inbound web kit.

pub mod config;
pub mod crypto;
pub mod http;
pub mod i18n;
pub mod mail;
pub mod storage;
pub mod telemetry;
pub mod throttle;
pub mod web;
pub mod xml;
