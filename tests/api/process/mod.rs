//! The program as its operators and clients meet it: a process, a socket, a folder, a crash.

mod browser;
mod crash;
mod demo;
mod nodes;
mod outage;
mod push;
mod readers;
mod secrets;
mod shared_cache;
mod slow;
mod start;
mod stop;
mod streams;
mod wire;
