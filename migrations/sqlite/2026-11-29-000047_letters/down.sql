DROP TABLE invitations;
DROP TABLE account_codes;
DROP TABLE letters;
