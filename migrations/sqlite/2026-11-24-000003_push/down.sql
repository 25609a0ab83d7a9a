DROP TABLE push_retries;
DROP TABLE push_rounds;
DROP TABLE push_subscriptions;
DROP TABLE secrets;
