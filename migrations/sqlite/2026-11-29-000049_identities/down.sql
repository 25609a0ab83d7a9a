DROP TABLE oidc_attempts;
DROP TABLE identities;
