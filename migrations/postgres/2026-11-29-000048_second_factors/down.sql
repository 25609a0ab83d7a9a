ALTER TABLE sessions DROP COLUMN is_strong;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
