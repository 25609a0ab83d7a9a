//! Khabar (خبر): a headless CMS API for newsrooms.
//!
//! # The map
//!
//! Arrows go one way: `main → cli → server → rooms → events → auth → db → time, text, ids`.
//!
//! | room | what is there |
//! |---|---|
//! | [`server`], [`openapi`], [`operation`] | layers, routes, the document, health |
//! | [`articles`], [`comments`], [`alerts`], [`users`], [`site`] | a noun each: `model` (pure), `store` (its SQL), `dto`, `http` |
//! | [`sources`], [`sections`], [`tags`], [`authors`] | four nouns that are kept alike, by [`records`] |
//! | [`collections`] | front pages, put together by hand and by rule |
//! | [`stories`] | what articles and alerts tell of one event, in order of time |
//! | [`events`] | the log that every change is written to, and what carries it on |
//! | [`audit`] | who did what, and who was refused: a log that only grows |
//! | [`streams`], [`sync`] | what is public, told as it happens, and to those who were away |
//! | [`feeds`] | the same for programs that subscribe |
//! | [`embargo`] | proof that what is held back shows nowhere |
//! | [`readership`] | how often articles are read, and which most just now |
//! | [`privacy`] | all that is kept of a person, to be taken along or taken out |
//! | [`jobs`] | what happens by itself |
//! | [`limits`] | how often one account and one address may write, react, report and be counted |
//! | [`outbound`] | requests to addresses that other people chose |
//! | [`mail`] | letters that wait to be posted, and how they leave |
//! | [`push`] | breaking alerts on browsers that are closed |
//! | [`keys`] | what programs show instead of a password |
//! | [`oidc`] | staff who sign in at a provider |
//! | [`webhooks`] | endpoints of partners, and what is on its way to them |
//! | [`auth`] | who is asking, and the policy |
//! | [`http`] | what handlers share: requests, answers, the contract at work |
//! | [`cache`] | answers that are alike for everyone, kept while they hold |
//! | [`furniture`] | what every page has around its articles, as a node has parsed it |
//! | [`aside`] | work that takes a processor for a while |
//! | [`app`], [`db`] | the two doors to the database, and what is behind them |
//! | [`text`], [`blocks`], [`time`], [`ids`], [`fault`], [`lint`], [`discussion`], [`problem`] | plain values |

pub mod alerts;
pub mod app;
pub mod articles;
pub mod aside;
pub mod audit;
pub mod auth;
pub mod authors;
pub mod blocks;
pub mod cache;
pub mod cli;
pub mod collections;
pub mod comments;
pub mod config;
pub mod db;
pub mod discussion;
pub mod embargo;
pub mod events;
pub mod fault;
pub mod feeds;
pub mod furniture;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod lint;
pub mod mail;
pub mod oidc;
pub mod openapi;
pub mod operation;
pub mod outbound;
pub mod privacy;
pub mod problem;
pub mod push;
pub mod readership;
pub mod records;
pub mod sections;
pub mod server;
pub mod site;
pub mod sources;
pub mod stories;
pub mod streams;
pub mod sync;
pub mod tags;
pub mod text;
pub mod time;
pub mod users;
pub mod webhooks;
